package org.reelspark.jobs;

import org.apache.spark.sql.SparkSession;

/** One local Spark for the tests that only read and write files. */
final class LocalSpark {
  private LocalSpark() {}

  static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("reelspark-jobs tests")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .getOrCreate();
  }
}
