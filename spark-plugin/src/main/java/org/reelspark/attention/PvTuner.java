package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_GROUP;

import java.util.Arrays;

/**
 * Finds the PV threshold of one head whose block selection is settled: the lowest one that keeps
 * the output's relative L1 error within a bound on every sample.
 */
public final class PvTuner {
  /** Ascending, in log2 units. */
  private static final float[] THRESHOLDS = {3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16};

  private final HeadParameters selection;
  private final double[] worstError = new double[THRESHOLDS.length];
  private final double[] leftOut = new double[THRESHOLDS.length];
  private long admissible;
  private long selected;

  public PvTuner(HeadParameters selection) {
    this.selection = selection;
  }

  /** Takes a sample into account, by some of its query blocks. Not thread-safe. */
  public void add(HeadSample sample, int[] queryBlocks) {
    PooledSample pooled = new PooledSample(sample);
    double[] error = new double[THRESHOLDS.length];
    double norm = 0;
    for (int queryBlock : queryBlocks) {
      BlockContributions contributions = pooled.contributions(queryBlock);
      float[][] dense = contributions.denseOutput();
      norm += BlockContributions.norm(dense);
      int[] blocks = pooled.select(queryBlock, selection);
      admissible += pooled.keyBlocks();
      selected += blocks.length;
      for (int i = 0; i < THRESHOLDS.length; i++) {
        error[i] += distance(contributions, dense, blocks, i);
      }
    }
    for (int i = 0; i < THRESHOLDS.length; i++) {
      worstError[i] = Math.max(worstError[i], error[i] / norm);
    }
  }

  private double distance(
      BlockContributions contributions, float[][] dense, int[] blocks, int threshold) {
    BlockContributions.Sum sum = contributions.sum();
    float[] running = new float[QUERY_BLOCK];
    Arrays.fill(running, Float.NEGATIVE_INFINITY);
    int queries = contributions.queries();
    int groups = (queries + QUERY_GROUP - 1) / QUERY_GROUP;
    for (int block : blocks) {
      float[] maxima = contributions.maxima(block);
      for (int from = 0; from < queries; from += QUERY_GROUP) {
        int to = Math.min(from + QUERY_GROUP, queries);
        if (matters(maxima, running, from, to, THRESHOLDS[threshold])) {
          sum.add(block, from, to);
        } else {
          leftOut[threshold] += 1.0 / groups;
        }
      }
    }
    return sum.distance(dense);
  }

  /** Raises the running maxima and decides as {@link ReferenceAttention} does. */
  private static boolean matters(
      float[] maxima, float[] running, int from, int to, float threshold) {
    boolean matters = false;
    for (int q = from; q < to; q++) {
      running[q] = Math.max(running[q], maxima[q]);
      matters |= !(maxima[q] - running[q] < -threshold);
    }
    return matters;
  }

  /** The selection with the lowest threshold that keeps within a bound, or with none. */
  public TunedHead best(double bound) {
    for (int i = 0; i < THRESHOLDS.length; i++) {
      if (worstError[i] <= bound && leftOut[i] > 0) {
        return new TunedHead(
            new HeadParameters(
                selection.selection(), selection.similarityThreshold(), THRESHOLDS[i]),
            worstError[i],
            sparsity(leftOut[i]));
      }
    }
    return new TunedHead(selection, worstError[THRESHOLDS.length - 1], sparsity(0));
  }

  private double sparsity(double blocksLeftOut) {
    return new AttentionStatistics(admissible, selected, blocksLeftOut).sparsity();
  }
}
