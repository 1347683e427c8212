package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import java.util.Arrays;

/**
 * Dense attention of one query block, kept apart by key block, so that the output over any set of
 * key blocks is a sum. Queries are the fastest dimension; those past the end of a ragged block stay
 * zero.
 */
final class BlockContributions {
  private static final double LOG2_E = 1 / Math.log(2);

  private final HeadSample sample;
  private final BlockGeometry geometry;
  private final int queryBlock;

  /** By key block: sums of weighted values {@code [dimension, QUERY_BLOCK]}. */
  private final float[][] values;

  /** By key block: sums of weights {@code [QUERY_BLOCK]}. */
  private final float[][] weights;

  /** By key block: greatest scores in log2 units {@code [QUERY_BLOCK]}. */
  private final float[][] maxima;

  BlockContributions(HeadSample sample, BlockGeometry geometry, int queryBlock) {
    this.sample = sample;
    this.geometry = geometry;
    this.queryBlock = queryBlock;
    int blocks = geometry.keyBlocks();
    this.values = new float[blocks][sample.dimension() * QUERY_BLOCK];
    this.weights = new float[blocks][QUERY_BLOCK];
    this.maxima = new float[blocks][QUERY_BLOCK];
    compute();
  }

  private void compute() {
    float[] query = transposedQuery();
    float[][] scores = new float[geometry.keyBlocks()][];
    float[] greatest = new float[QUERY_BLOCK];
    Arrays.fill(greatest, Float.NEGATIVE_INFINITY);
    for (int block = 0; block < scores.length; block++) {
      scores[block] = scores(query, block);
      Arrays.fill(maxima[block], Float.NEGATIVE_INFINITY);
      raise(maxima[block], scores[block]);
      raise(greatest, maxima[block]);
    }
    for (int block = 0; block < scores.length; block++) {
      weigh(scores[block], greatest, block);
    }
  }

  /** Scaled queries, {@code [dimension, QUERY_BLOCK]}. */
  private float[] transposedQuery() {
    int dimension = sample.dimension();
    float factor = (float) (sample.scale() * LOG2_E);
    float[] transposed = new float[dimension * QUERY_BLOCK];
    for (int q = 0; q < geometry.queriesIn(queryBlock); q++) {
      int row = (queryBlock * QUERY_BLOCK + q) * dimension;
      for (int i = 0; i < dimension; i++) {
        transposed[i * QUERY_BLOCK + q] = factor * sample.query()[row + i];
      }
    }
    return transposed;
  }

  /** {@code [keys, QUERY_BLOCK]}. */
  private float[] scores(float[] query, int block) {
    int keys = geometry.keysIn(block);
    float[] scores = new float[keys * QUERY_BLOCK];
    for (int j = 0; j < keys; j++) {
      int row = (block * KEY_BLOCK + j) * sample.dimension();
      for (int i = 0; i < sample.dimension(); i++) {
        addScaled(sample.key()[row + i], query, i * QUERY_BLOCK, scores, j * QUERY_BLOCK);
      }
    }
    return scores;
  }

  private static void raise(float[] maxima, float[] scores) {
    for (int at = 0; at < scores.length; at += QUERY_BLOCK) {
      for (int q = 0; q < QUERY_BLOCK; q++) {
        maxima[q] = Math.max(maxima[q], scores[at + q]);
      }
    }
  }

  private void weigh(float[] scores, float[] greatest, int block) {
    for (int at = 0; at < scores.length; at += QUERY_BLOCK) {
      for (int q = 0; q < QUERY_BLOCK; q++) {
        scores[at + q] = (float) Math.exp((scores[at + q] - greatest[q]) * Math.log(2));
        weights[block][q] += scores[at + q];
      }
    }
    for (int j = 0; j < geometry.keysIn(block); j++) {
      int row = (block * KEY_BLOCK + j) * sample.dimension();
      for (int i = 0; i < sample.dimension(); i++) {
        addScaled(sample.value()[row + i], scores, j * QUERY_BLOCK, values[block], i * QUERY_BLOCK);
      }
    }
  }

  private static void addScaled(float factor, float[] x, int xOffset, float[] y, int yOffset) {
    for (int q = 0; q < QUERY_BLOCK; q++) {
      y[yOffset + q] += factor * x[xOffset + q];
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

  /** The output of dense attention, {@code [dimension, QUERY_BLOCK]}. */
  float[] denseOutput() {
    Sum sum = sum();
    for (int block = 0; block < blocks(); block++) {
      sum.add(block);
    }
    return sum.output();
  }

  /** Sum of absolute values. */
  static double norm(float[] output) {
    double sum = 0;
    for (float value : output) {
      sum += Math.abs(value);
    }
    return sum;
  }

  /** Attention over a growing set of key blocks. */
  final class Sum {
    private final float[] valueSum = new float[sample.dimension() * QUERY_BLOCK];
    private final float[] weightSum = new float[QUERY_BLOCK];

    void add(int block) {
      add(block, 0, QUERY_BLOCK);
    }

    /** Adds a block for queries {@code from} to {@code to}. */
    void add(int block, int from, int to) {
      for (int q = from; q < to; q++) {
        weightSum[q] += weights[block][q];
      }
      float[] blockValues = values[block];
      for (int at = 0; at < valueSum.length; at += QUERY_BLOCK) {
        for (int q = from; q < to; q++) {
          valueSum[at + q] += blockValues[at + q];
        }
      }
    }

    float[] output() {
      float[] inverse = inverseWeights();
      float[] output = valueSum.clone();
      for (int at = 0; at < output.length; at += QUERY_BLOCK) {
        for (int q = 0; q < QUERY_BLOCK; q++) {
          output[at + q] *= inverse[q];
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
    double distance(float[] other) {
      float[] distances = new float[QUERY_BLOCK];
      float[] inverse = inverseWeights();
      for (int at = 0; at < other.length; at += QUERY_BLOCK) {
        for (int q = 0; q < QUERY_BLOCK; q++) {
          distances[q] += Math.abs(valueSum[at + q] * inverse[q] - other[at + q]);
        }
      }
      double sum = 0;
      for (int q = 0; q < queries(); q++) {
        sum += distances[q];
      }
      return sum;
    }
  }
}
