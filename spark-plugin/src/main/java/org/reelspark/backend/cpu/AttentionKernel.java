package org.reelspark.backend.cpu;

import org.reelspark.attention.AttentionParameters;

/**
 * The inner loops of attention over small tiles on the Java heap. Everything is laid out with a
 * group of queries as the fastest dimension, so that row maxima, sums and rescaling are elementwise
 * over queries and no value ever crosses a vector.
 */
interface AttentionKernel {
  /** Queries of a tile. */
  int GROUP = AttentionParameters.QUERY_GROUP;

  /** Rows of products are computed in multiples of this. */
  int ROW_STEP = 4;

  /** The kernel on the Vector API where the JVM has its module, else the plain one. */
  static AttentionKernel fastest() {
    return VectorSupport.available() ? new VectorAttentionKernel() : new PlainAttentionKernel();
  }

  /**
   * {@code c = c + a b}.
   *
   * @param a {@code rows} rows of {@code depth} values, {@code aStride} apart, from {@code aOffset}
   * @param rows a multiple of {@link #ROW_STEP}
   * @param b {@code [depth, GROUP]}
   * @param c {@code [rows, GROUP]}
   */
  void multiplyAdd(float[] a, int aOffset, int aStride, int rows, int depth, float[] b, float[] c);

  /**
   * The greatest score of each query; NaN does not count.
   *
   * @param scores {@code [keys, GROUP]}
   * @param maxima {@code [GROUP]}; negative infinity where there is no score
   */
  void maxima(float[] scores, int keys, float[] maxima);

  /**
   * Turns scores into weights {@code 2^(score - shift)} and adds them up.
   *
   * @param scores {@code [keys, GROUP]}; becomes weights
   * @param shift {@code [GROUP]}, finite or NaN; scores exceed it by at most a few
   * @param sum {@code [GROUP]}, takes the weights in addition to what it holds
   */
  void weights(float[] scores, int keys, float[] shift, float[] sum);
}
