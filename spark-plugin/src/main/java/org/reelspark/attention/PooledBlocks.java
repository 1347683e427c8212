package org.reelspark.attention;

/**
 * Mean tokens and self-similarities of the blocks of one head.
 *
 * @param means {@code [blocks, dimension]}
 * @param similarities {@code [blocks]}
 */
public record PooledBlocks(float[] means, float[] similarities, int dimension) {
  /** Room for the given number of blocks. */
  public static PooledBlocks allocate(int blocks, int dimension) {
    return new PooledBlocks(new float[blocks * dimension], new float[blocks], dimension);
  }
}
