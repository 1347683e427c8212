package org.reelspark.attention;

/** How the key blocks of one row of query blocks are chosen (SpargeAttn, section 3.3). */
public sealed interface BlockSelection {
  /** Every admissible block. */
  record Dense() implements BlockSelection {}

  /**
   * The smallest set of blocks, by descending probability, whose cumulative probability reaches the
   * threshold; at least one.
   *
   * @param threshold in (0, 1]
   */
  record TopCdf(float threshold) implements BlockSelection {
    public TopCdf {
      if (!(threshold > 0 && threshold <= 1)) {
        throw new IllegalArgumentException(
            "TopCdf threshold must be in (0, 1], found " + threshold);
      }
    }
  }

  /**
   * The {@code ceil(fraction * admissible blocks)} most probable blocks.
   *
   * @param fraction in (0, 1]
   */
  record TopK(float fraction) implements BlockSelection {
    public TopK {
      if (!(fraction > 0 && fraction <= 1)) {
        throw new IllegalArgumentException("TopK fraction must be in (0, 1], found " + fraction);
      }
    }
  }
}
