package org.reelspark.spark;

import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Starts real Spark for tests. */
final class SparkSessions {
  private SparkSessions() {}

  static SparkSession start(String master, Map<String, String> settings) {
    SparkSession.Builder builder =
        SparkSession.builder()
            .master(master)
            .appName("reelspark tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.executor.heartbeatInterval", "1s");
    settings.forEach(builder::config);
    return builder.getOrCreate();
  }

  static SparkSession withPlugin(String master, Map<String, String> settings) {
    SparkSession.Builder builder = SparkSession.builder();
    settings.forEach(builder::config);
    return start(master, with(settings, "spark.plugins", ReelsparkPlugin.class.getName()));
  }

  private static Map<String, String> with(Map<String, String> settings, String key, String value) {
    Map<String, String> all = new java.util.HashMap<>(settings);
    all.put(key, value);
    return all;
  }
}
