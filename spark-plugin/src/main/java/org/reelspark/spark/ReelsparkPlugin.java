package org.reelspark.spark;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/** Entry point: {@code spark.plugins=org.reelspark.spark.ReelsparkPlugin}. */
public final class ReelsparkPlugin implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return new ReelsparkDriverPlugin();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ReelsparkExecutorPlugin();
  }
}
