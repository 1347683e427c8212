package org.reelspark.spark.rapids;

import scala.Function5;

/** Makes the functions that RAPIDS evaluates over columns. */
public final class RapidsFunctions {
  private RapidsFunctions() {}

  /** Whether RAPIDS is on the class path, without which {@link #ofColumns} fails. */
  public static boolean areAvailable() {
    try {
      Class.forName("com.nvidia.spark.RapidsUDF", false, RapidsFunctions.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** The same function for rows, which RAPIDS calls with columns where its operators run. */
  public static Function5<Object, Object, Object, Object, Object, Object> ofColumns(
      SparseAttention ofRows) {
    return new ColumnarSparseAttention(ofRows);
  }
}
