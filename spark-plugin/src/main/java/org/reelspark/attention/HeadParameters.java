package org.reelspark.attention;

/**
 * Sparsity parameters of one query head.
 *
 * @param selection how key blocks are chosen
 * @param similarityThreshold blocks whose self-similarity is at or below it are always attended, in
 *     [-1, 1]; {@link #NO_SIMILARITY_GATE} turns the gate off. Unused by dense selection
 * @param pvThreshold a block is left out after QK when, for all queries of a group, all its scores
 *     lie more than this below the running row maximum, in log2 units, positive; {@link
 *     #NO_PV_SKIP} turns it off
 */
public record HeadParameters(
    BlockSelection selection, float similarityThreshold, float pvThreshold) {
  /** A similarity threshold that no block fails. */
  public static final float NO_SIMILARITY_GATE = -1;

  /** A PV threshold that leaves out nothing. */
  public static final float NO_PV_SKIP = Float.POSITIVE_INFINITY;

  /** Attends to everything. */
  public static final HeadParameters DENSE =
      new HeadParameters(new BlockSelection.Dense(), NO_SIMILARITY_GATE, NO_PV_SKIP);

  public HeadParameters {
    if (!(similarityThreshold >= -1 && similarityThreshold <= 1)) {
      throw new IllegalArgumentException(
          "similarity threshold must be in [-1, 1], found " + similarityThreshold);
    }
    if (!(pvThreshold > 0)) {
      throw new IllegalArgumentException("PV threshold must be positive, found " + pvThreshold);
    }
  }
}
