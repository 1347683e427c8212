package org.reelspark.spark;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import scala.jdk.javaapi.CollectionConverters;

/** Reads what Spark hands to functions. */
final class ScalaValues {
  private ScalaValues() {}

  /**
   * @param options a Scala map of Strings, or null for none
   */
  @SuppressWarnings("unchecked") // SqlFunctions casts the argument to map<string, string>
  static Map<String, String> options(Object options) {
    if (options == null) {
      return Map.of();
    }
    Map<String, String> values =
        CollectionConverters.asJava((scala.collection.Map<String, String>) options);
    return Collections.unmodifiableMap(new TreeMap<>(values));
  }
}
