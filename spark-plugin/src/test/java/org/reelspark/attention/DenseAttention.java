package org.reelspark.attention;

/** Attention by the textbook in 64-bit arithmetic, over any set of visible keys. */
final class DenseAttention {
  private DenseAttention() {}

  /** Whether a query of a head may see a key. */
  interface Visibility {
    boolean sees(int head, int query, int key);
  }

  static double[] attend(
      AttentionShape shape, float[] q, float[] k, float[] v, float scale, Visibility visibility) {
    int dimension = shape.headDimension();
    double[] output = new double[q.length];
    for (int b = 0; b < shape.batch(); b++) {
      for (int h = 0; h < shape.queryHeads(); h++) {
        int keys = (b * shape.keyHeads() + shape.keyHead(h)) * shape.keyTokens() * dimension;
        for (int i = 0; i < shape.queryTokens(); i++) {
          int query = ((b * shape.queryHeads() + h) * shape.queryTokens() + i) * dimension;
          double[] scores = new double[shape.keyTokens()];
          double maximum = Double.NEGATIVE_INFINITY;
          for (int j = 0; j < scores.length; j++) {
            scores[j] = Double.NEGATIVE_INFINITY;
            if (visibility.sees(h, i, j)) {
              scores[j] = 0;
              for (int d = 0; d < dimension; d++) {
                scores[j] += scale * (double) q[query + d] * k[keys + j * dimension + d];
              }
              maximum = Math.max(maximum, scores[j]);
            }
          }
          double total = 0;
          for (double score : scores) {
            total += score == Double.NEGATIVE_INFINITY ? 0 : Math.exp(score - maximum);
          }
          for (int j = 0; j < scores.length; j++) {
            if (scores[j] != Double.NEGATIVE_INFINITY) {
              double weight = Math.exp(scores[j] - maximum) / total;
              for (int d = 0; d < dimension; d++) {
                output[query + d] += weight * v[keys + j * dimension + d];
              }
            }
          }
        }
      }
    }
    return output;
  }
}
