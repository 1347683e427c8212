package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import java.util.Arrays;

/**
 * Dense attention of one query block, kept apart by key block, so that the output over any set of
 * key blocks is a sum. Each row holds one value for every query; those past the end of a ragged
 * block stay zero. Rows are arrays of their own, because the compiler makes vector instructions of
 * loops over whole arrays alone.
 */
final class BlockContributions {
  private static final double LOG2_E = 1 / Math.log(2);

  private final HeadSample sample;
  private final BlockGeometry geometry;
  private final int queryBlock;

  /** By key block: sums of weighted values {@code [dimension][QUERY_BLOCK]}. */
  private final float[][][] values;

  /** By key block: sums of weights {@code [QUERY_BLOCK]}. */
  private final float[][] weights;

  /** By key block: greatest scores in log2 units {@code [QUERY_BLOCK]}. */
  private final float[][] maxima;

  BlockContributions(HeadSample sample, BlockGeometry geometry, int queryBlock) {
    this.sample = sample;
    this.geometry = geometry;
    this.queryBlock = queryBlock;
    int blocks = geometry.keyBlocks();
    this.values = new float[blocks][sample.dimension()][QUERY_BLOCK];
    this.weights = new float[blocks][QUERY_BLOCK];
    this.maxima = new float[blocks][QUERY_BLOCK];
    compute();
  }

  private void compute() {
    float[][] query = transposedQuery();
    float[][][] scores = new float[geometry.keyBlocks()][][];
    float[] greatest = new float[QUERY_BLOCK];
    Arrays.fill(greatest, Float.NEGATIVE_INFINITY);
    for (int block = 0; block < scores.length; block++) {
      scores[block] = scores(query, block);
      Arrays.fill(maxima[block], Float.NEGATIVE_INFINITY);
      for (float[] row : scores[block]) {
        raise(maxima[block], row);
      }
      raise(greatest, maxima[block]);
    }
    for (int block = 0; block < scores.length; block++) {
      weigh(scores[block], greatest, block);
    }
  }

  /** Scaled queries, {@code [dimension][QUERY_BLOCK]}. */
  private float[][] transposedQuery() {
    int dimension = sample.dimension();
    float factor = (float) (sample.scale() * LOG2_E);
    float[][] transposed = new float[dimension][QUERY_BLOCK];
    for (int q = 0; q < geometry.queriesIn(queryBlock); q++) {
      int row = (queryBlock * QUERY_BLOCK + q) * dimension;
      for (int i = 0; i < dimension; i++) {
        transposed[i][q] = factor * sample.query()[row + i];
      }
    }
    return transposed;
  }

  /** {@code [keys][QUERY_BLOCK]}. */
  private float[][] scores(float[][] query, int block) {
    float[][] scores = new float[geometry.keysIn(block)][QUERY_BLOCK];
    for (int j = 0; j < scores.length; j++) {
      int row = (block * KEY_BLOCK + j) * sample.dimension();
      addProducts(sample.key(), row, 1, query, scores[j]);
    }
    return scores;
  }

  private static void raise(float[] maxima, float[] scores) {
    for (int q = 0; q < QUERY_BLOCK; q++) {
      maxima[q] = Math.max(maxima[q], scores[q]);
    }
  }

  private void weigh(float[][] scores, float[] greatest, int block) {
    for (float[] row : scores) {
      for (int q = 0; q < QUERY_BLOCK; q++) {
        row[q] = (float) Math.exp((row[q] - greatest[q]) * Math.log(2));
      }
      add(row, 0, QUERY_BLOCK, weights[block]);
    }
    int dimension = sample.dimension();
    int firstRow = block * KEY_BLOCK * dimension;
    for (int i = 0; i < dimension; i++) {
      addProducts(sample.value(), firstRow + i, dimension, scores, values[block][i]);
    }
  }

  /**
   * Adds all rows of {@code x}, each times a factor, to {@code y}. Four at a time, because loading
   * and storing y takes longer than the products.
   *
   * @param factors every {@code stride}th from {@code first}
   */
  private static void addProducts(float[] factors, int first, int stride, float[][] x, float[] y) {
    int row = 0;
    for (; row + 4 <= x.length; row += 4) {
      int at = first + row * stride;
      addFour(
          factors[at],
          x[row],
          factors[at + stride],
          x[row + 1],
          factors[at + 2 * stride],
          x[row + 2],
          factors[at + 3 * stride],
          x[row + 3],
          y);
    }
    for (; row < x.length; row++) {
      float factor = factors[first + row * stride];
      float[] values = x[row];
      for (int q = 0; q < QUERY_BLOCK; q++) {
        y[q] += factor * values[q];
      }
    }
  }

  private static void addFour(
      float a,
      float[] xa,
      float b,
      float[] xb,
      float c,
      float[] xc,
      float d,
      float[] xd,
      float[] y) {
    for (int q = 0; q < QUERY_BLOCK; q++) {
      y[q] += a * xa[q] + b * xb[q] + c * xc[q] + d * xd[q];
    }
  }

  private static void add(float[] x, int from, int to, float[] y) {
    for (int q = from; q < to; q++) {
      y[q] += x[q];
    }
  }

  int blocks() {
    return values.length;
  }

  int queryBlock() {
    return queryBlock;
  }

  int queries() {
    return geometry.queriesIn(queryBlock);
  }

  /** Greatest scores of a block, in log2 units. */
  float[] maxima(int block) {
    return maxima[block];
  }

  /** An empty sum over blocks. */
  Sum sum() {
    return new Sum();
  }

  /** The output of dense attention, {@code [dimension][QUERY_BLOCK]}. */
  float[][] denseOutput() {
    Sum sum = sum();
    for (int block = 0; block < blocks(); block++) {
      sum.add(block);
    }
    return sum.output();
  }

  /** Sum of absolute values. */
  static double norm(float[][] output) {
    double sum = 0;
    for (float[] row : output) {
      for (float value : row) {
        sum += Math.abs(value);
      }
    }
    return sum;
  }

  /** Attention over a growing set of key blocks. */
  final class Sum {
    private final float[][] valueSum = new float[sample.dimension()][QUERY_BLOCK];
    private final float[] weightSum = new float[QUERY_BLOCK];

    void add(int block) {
      add(block, 0, QUERY_BLOCK);
    }

    /** Adds a block for queries {@code from} to {@code to}. */
    void add(int block, int from, int to) {
      BlockContributions.add(weights[block], from, to, weightSum);
      for (int i = 0; i < valueSum.length; i++) {
        BlockContributions.add(values[block][i], from, to, valueSum[i]);
      }
    }

    float[][] output() {
      float[] inverse = inverseWeights();
      float[][] output = new float[valueSum.length][QUERY_BLOCK];
      for (int i = 0; i < output.length; i++) {
        for (int q = 0; q < QUERY_BLOCK; q++) {
          output[i][q] = valueSum[i][q] * inverse[q];
        }
      }
      return output;
    }

    /** Zero where nothing has been added. */
    private float[] inverseWeights() {
      float[] inverse = new float[QUERY_BLOCK];
      for (int q = 0; q < queries(); q++) {
        inverse[q] = weightSum[q] == 0 ? 0 : 1 / weightSum[q];
      }
      return inverse;
    }

    /** Sum of absolute differences to another output. */
    double distance(float[][] other) {
      float[] distances = new float[QUERY_BLOCK];
      float[] inverse = inverseWeights();
      for (int i = 0; i < other.length; i++) {
        addDistances(valueSum[i], inverse, other[i], distances);
      }
      double sum = 0;
      for (int q = 0; q < queries(); q++) {
        sum += distances[q];
      }
      return sum;
    }

    private static void addDistances(
        float[] values, float[] inverse, float[] others, float[] distances) {
      for (int q = 0; q < QUERY_BLOCK; q++) {
        distances[q] += Math.abs(values[q] * inverse[q] - others[q]);
      }
    }
  }
}
