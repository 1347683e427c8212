package org.reelspark.spark;

import java.util.List;
import org.apache.spark.SparkConf;

/** Settings of Spark that are lists of classes. */
final class ClassNames {
  static final String PLUGINS = "spark.plugins";

  private ClassNames() {}

  /** The plugins that an application starts, in this order. */
  static List<String> plugins(SparkConf conf) {
    return parse(conf.get(PLUGINS, ""));
  }

  static List<String> parse(String names) {
    return List.of(names.strip().split("\\s*,\\s*"));
  }
}
