package org.reelspark.jobs;

import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.reelspark.spark.ReelsparkPlugin;

/** Starts Spark for a job: as spark-submit says, else on this machine alone. */
final class JobSession {
  static final String MODEL_DIRECTORY = "spark.reelspark.model.directory";
  static final String OUTPUT_DIRECTORY = "spark.reelspark.output.directory";

  private static final String MASTER = "spark.master";
  private static final String PLUGINS = "spark.plugins";

  private JobSession() {}

  static SparkSession start(String model, String output) {
    SparkConf conf = new SparkConf();
    conf.set(MODEL_DIRECTORY, model);
    conf.set(OUTPUT_DIRECTORY, output);
    conf.setIfMissing("spark.app.name", "Reelspark: generate videos");
    // Progress comes with heartbeats.
    conf.setIfMissing("spark.executor.heartbeatInterval", "3s");
    conf.setIfMissing("spark.sql.debug.maxToStringFields", "100");
    addPlugin(conf);
    if (conf.get(MASTER, "local").startsWith("local")) {
      setLocal(conf);
    }
    return SparkSession.builder().config(conf).getOrCreate();
  }

  private static void addPlugin(SparkConf conf) {
    String ours = ReelsparkPlugin.class.getName();
    String configured = conf.get(PLUGINS, "");
    if (configured.isBlank()) {
      conf.set(PLUGINS, ours);
    } else if (!configured.contains(ours)) {
      conf.set(PLUGINS, ours + "," + configured);
    }
  }

  /**
   * Without what pays only for large data or a cluster, a local run starts in a fraction of the
   * time.
   */
  private static void setLocal(SparkConf conf) {
    conf.setIfMissing(MASTER, "local[*]");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.sql.codegen.wholeStage", "false");
    conf.setIfMissing("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    conf.setIfMissing("spark.sql.adaptive.enabled", "false");
    conf.setIfMissing("spark.driver.host", "127.0.0.1");
    conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
  }
}
