package org.reelspark.attention;

/**
 * Parameters found for a head.
 *
 * @param error greatest relative L1 error over the samples
 * @param sparsity fraction of matrix products skipped, over the samples
 */
public record TunedHead(HeadParameters parameters, double error, double sparsity) {
  /** A head that may skip nothing. */
  static final TunedHead DENSE = new TunedHead(HeadParameters.DENSE, 0, 0);
}
