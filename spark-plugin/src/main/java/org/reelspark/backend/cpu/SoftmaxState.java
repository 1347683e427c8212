package org.reelspark.backend.cpu;

import java.util.Arrays;

/**
 * The running softmax of a group of queries. Sums are kept relative to a shift that follows the
 * running maximum only when it has fallen far behind, because moving it means rescaling all sums.
 */
final class SoftmaxState {
  private static final int GROUP = AttentionKernel.GROUP;

  /** Weights stay below 2 to this power, far from overflow. */
  private static final float HEADROOM = 8;

  /** Greatest score so far, in log2 units. */
  private final float[] maximum = new float[GROUP];

  /** What weights are relative to; 0 while there is no maximum. */
  final float[] shift = new float[GROUP];

  /** Sum of weights so far. */
  final float[] sum = new float[GROUP];

  /** Weighted values so far, {@code [rows, GROUP]}: one row per element of a head. */
  final float[] output;

  private final float[] factor = new float[GROUP];

  SoftmaxState(int rows) {
    output = new float[rows * GROUP];
  }

  void reset() {
    Arrays.fill(maximum, Float.NEGATIVE_INFINITY);
    Arrays.fill(shift, 0);
    Arrays.fill(sum, 0);
    Arrays.fill(output, 0);
  }

  /**
   * Raises the maxima to those of a new block.
   *
   * @return whether the block matters: some query has a score in it that does not lie more than
   *     {@code pvThreshold} below that query's maximum
   */
  boolean raise(float[] blockMaxima, float pvThreshold) {
    boolean matters = false;
    boolean rescale = false;
    for (int i = 0; i < GROUP; i++) {
      float old = maximum[i];
      float raised = Math.max(old, blockMaxima[i]);
      maximum[i] = raised;
      // Written so that a query without any score yet, whose difference is NaN, matters.
      matters |= !(blockMaxima[i] - raised < -pvThreshold);
      factor[i] = 1;
      if (raised > old && (raised > shift[i] + HEADROOM || old == Float.NEGATIVE_INFINITY)) {
        factor[i] = old == Float.NEGATIVE_INFINITY ? 0 : exp2(shift[i] - raised);
        shift[i] = raised;
        rescale = true;
      }
    }
    if (rescale) {
      rescale();
    }
    return matters;
  }

  private void rescale() {
    for (int i = 0; i < GROUP; i++) {
      sum[i] *= factor[i];
    }
    for (int row = 0; row < output.length; row += GROUP) {
      for (int i = 0; i < GROUP; i++) {
        output[row + i] *= factor[i];
      }
    }
  }

  private static float exp2(float x) {
    return (float) Math.exp(x * Math.log(2));
  }
}
