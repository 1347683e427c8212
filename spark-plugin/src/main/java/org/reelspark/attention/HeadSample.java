package org.reelspark.attention;

/**
 * What one self-attention head was given in a model run.
 *
 * @param query rows {@code [tokens, dimension]}; key and value alike
 * @param scale factor on query-key products
 */
public record HeadSample(
    float[] query, float[] key, float[] value, int tokens, int dimension, float scale) {
  public HeadSample {
    for (float[] rows : new float[][] {query, key, value}) {
      if (rows.length != (long) tokens * dimension) {
        throw new IllegalArgumentException(
            "%d tokens of %d values do not make %d values"
                .formatted(tokens, dimension, rows.length));
      }
    }
  }

  /** The sample with its tokens in another order: token {@code order[i]} moves to place i. */
  public HeadSample permuted(int[] order) {
    return new HeadSample(
        permuted(query, order),
        permuted(key, order),
        permuted(value, order),
        tokens,
        dimension,
        scale);
  }

  private float[] permuted(float[] rows, int[] order) {
    float[] moved = new float[rows.length];
    for (int place = 0; place < tokens; place++) {
      System.arraycopy(rows, order[place] * dimension, moved, place * dimension, dimension);
    }
    return moved;
  }
}
