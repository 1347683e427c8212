package org.reelspark.model;

import static org.assertj.core.api.Assertions.assertThat;

/** Comparisons of results that may differ by rounding. */
public final class Floats {
  private Floats() {}

  /** Fails when one element is further away than the tolerance, or is not a number. */
  public static void assertClose(float[] found, float[] expected, double tolerance) {
    assertThat(found).hasSameSizeAs(expected);
    assertThat(largestDifference(found, expected)).isLessThanOrEqualTo(tolerance);
  }

  /** NaN when one of the elements is. */
  public static double largestDifference(float[] found, float[] expected) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs((double) found[i] - expected[i]));
    }
    return largest;
  }
}
