package org.reelspark.attention;

/**
 * Summaries of one block of tokens of one head, given as rows {@code [tokens, dimension]}. A ragged
 * last block is a block of fewer tokens: its means are over those.
 */
public final class BlockPooling {
  private BlockPooling() {}

  /** The mean of all tokens, to which key blocks are pooled relative. */
  public static float[] meanToken(float[] rows, int tokens, int dimension) {
    double[] sum = new double[dimension];
    for (int token = 0; token < tokens; token++) {
      int row = token * dimension;
      for (int i = 0; i < dimension; i++) {
        sum[i] += rows[row + i];
      }
    }
    float[] mean = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      mean[i] = (float) (sum[i] / tokens);
    }
    return mean;
  }

  /**
   * Pools one block after moving the origin to {@code center}.
   *
   * <p>Self-similarity is the mean of all entries of the Gram matrix of the normalised tokens, in
   * [0, 1], computed as the squared norm of their mean. A zero token counts as similar to nothing,
   * itself included. It is NaN when a token is not finite.
   *
   * @param offset of the block's first token in {@code rows}
   * @param center {@code [dimension]}: the mean of all keys for a key block, zeros for a query
   *     block
   * @param pooled takes the mean token and the self-similarity at {@code block}
   */
  public static void pool(
      float[] rows, int offset, int tokens, float[] center, PooledBlocks pooled, int block) {
    int dimension = center.length;
    float[] sum = new float[dimension];
    float[] normalizedSum = new float[dimension];
    float[] token = new float[dimension];
    for (int t = 0; t < tokens; t++) {
      int row = offset + t * dimension;
      for (int i = 0; i < dimension; i++) {
        token[i] = rows[row + i] - center[i];
      }
      float norm = (float) Math.sqrt(squaredNorm(token));
      float inverse = norm == 0 ? 0 : 1 / norm;
      for (int i = 0; i < dimension; i++) {
        sum[i] += token[i];
        normalizedSum[i] += token[i] * inverse;
      }
    }
    for (int i = 0; i < dimension; i++) {
      pooled.means()[block * dimension + i] = sum[i] / tokens;
    }
    pooled.similarities()[block] = squaredNorm(normalizedSum) / ((float) tokens * tokens);
  }

  /** Four partial sums, so that the additions need not wait for each other. */
  private static float squaredNorm(float[] x) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < x.length; i += 4) {
      a += x[i] * x[i];
      b += x[i + 1] * x[i + 1];
      c += x[i + 2] * x[i + 2];
      d += x[i + 3] * x[i + 3];
    }
    for (; i < x.length; i++) {
      a += x[i] * x[i];
    }
    return (a + b) + (c + d);
  }
}
