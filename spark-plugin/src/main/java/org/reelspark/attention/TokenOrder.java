package org.reelspark.attention;

/** Orders in which the tokens of a grid can be laid out for attention (paper, table 9). */
public enum TokenOrder {
  /** Frame, row, column; column fastest. */
  ROW_MAJOR,
  /** Frame, column, row; row fastest. */
  COLUMN_MAJOR,
  /** Row, column, frame; frame fastest. */
  TIME_MAJOR,
  /** Generalised Hilbert curve over all three dimensions. */
  HILBERT,
  /** Bricks of 4 x 4 x 4 tokens, one key block each; bricks cut by the grid's edges come last. */
  BRICKS,
  /** A fixed random permutation, for comparison. */
  RANDOM;

  /**
   * The permutation of a grid. An image is a grid of one frame, a text one of one row.
   *
   * @return a new array: {@code order[i]} is the row-major index of the token at place i
   */
  public int[] permutation(Grid grid) {
    return TokenPermutations.of(this, grid).clone();
  }
}
