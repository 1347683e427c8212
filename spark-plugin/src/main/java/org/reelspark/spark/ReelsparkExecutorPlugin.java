package org.reelspark.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.reelspark.tensor.HostMemory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows the executor's state as metrics and frees model and backend when the executor leaves. */
final class ReelsparkExecutorPlugin implements ExecutorPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ReelsparkExecutorPlugin.class);

  @Override
  public void init(PluginContext context, Map<String, String> extraConf) {
    // Spark publishes only what is registered when this method returns.
    DeviceRuntime runtime = ExecutorRuntime.instance();
    MetricRegistry metrics = context.metricRegistry();
    metrics.register("modelLoads", (Gauge<Integer>) runtime::loads);
    metrics.register("waitingTasks", (Gauge<Integer>) runtime::queueLength);
    metrics.register("hostMemoryBytes", (Gauge<Long>) HostMemory::allocatedBytes);
    LOG.info("Reelspark executor {}: the model loads with the first video", context.executorID());
  }

  @Override
  public void shutdown() {
    ExecutorRuntime.instance().close();
  }
}
