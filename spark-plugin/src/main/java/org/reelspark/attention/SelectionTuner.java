package org.reelspark.attention;

/**
 * Finds how one head selects key blocks: the TopCdf and similarity thresholds that skip the most
 * while the output's relative L1 error stays within a bound on every sample. Each query block is
 * attended densely once; the thresholds are then swept by adding up its key blocks in ranked order.
 */
public final class SelectionTuner {
  /** A head that skips less than this is left dense: prediction would cost what it gains. */
  private static final double LEAST_SPARSITY = 0.1;

  private static final float[] GATES = {HeadParameters.NO_SIMILARITY_GATE, 0.2f, 0.4f, 0.6f, 0.8f};

  /** In steps of 0.02 from 0.1 to 0.9, then of 0.01 to 0.99. */
  private static final float[] THRESHOLDS = new float[50];

  static {
    for (int i = 0; i < 40; i++) {
      THRESHOLDS[i] = (10 + 2 * i) / 100f;
    }
    for (int i = 0; i < 10; i++) {
      THRESHOLDS[40 + i] = (90 + i) / 100f;
    }
  }

  private final double[][] worstError = new double[GATES.length][THRESHOLDS.length];
  private final long[][] selected = new long[GATES.length][THRESHOLDS.length];
  private long admissible;

  /** Takes a sample into account, by some of its query blocks. Not thread-safe. */
  public void add(HeadSample sample, int[] queryBlocks) {
    PooledSample pooled = new PooledSample(sample);
    double[][] error = new double[GATES.length][THRESHOLDS.length];
    double norm = 0;
    for (int queryBlock : queryBlocks) {
      BlockContributions contributions = pooled.contributions(queryBlock);
      float[][] dense = contributions.denseOutput();
      norm += BlockContributions.norm(dense);
      admissible += pooled.keyBlocks();
      for (int gate = 0; gate < GATES.length; gate++) {
        sweep(pooled, contributions, dense, gate, error[gate]);
      }
    }
    for (int gate = 0; gate < GATES.length; gate++) {
      for (int i = 0; i < THRESHOLDS.length; i++) {
        worstError[gate][i] = Math.max(worstError[gate][i], error[gate][i] / norm);
      }
    }
  }

  private void sweep(
      PooledSample pooled,
      BlockContributions contributions,
      float[][] dense,
      int gate,
      double[] error) {
    int queryBlock = contributions.queryBlock();
    if (!pooled.isSimilar(queryBlock, GATES[gate])) {
      for (int i = 0; i < THRESHOLDS.length; i++) {
        selected[gate][i] += pooled.keyBlocks();
      }
      return;
    }
    RankedBlocks ranked = pooled.rank(queryBlock, GATES[gate]);
    BlockContributions.Sum sum = contributions.sum();
    for (int block : ranked.unranked()) {
      sum.add(block);
    }
    int taken = 0;
    double distance = sum.distance(dense);
    for (int i = 0; i < THRESHOLDS.length; i++) {
      int count = ranked.countReaching(THRESHOLDS[i]);
      if (count > taken) {
        for (; taken < count; taken++) {
          sum.add(ranked.block(taken));
        }
        distance = sum.distance(dense);
      }
      error[i] += distance;
      selected[gate][i] += ranked.unranked().length + taken;
    }
  }

  /** The best parameters within a bound, without a PV threshold. */
  public TunedHead best(double bound) {
    TunedHead best = TunedHead.DENSE;
    for (int gate = 0; gate < GATES.length; gate++) {
      for (int i = 0; i < THRESHOLDS.length; i++) {
        double sparsity = 1 - (double) selected[gate][i] / admissible;
        if (worstError[gate][i] <= bound
            && sparsity >= LEAST_SPARSITY
            && sparsity > best.sparsity()) {
          HeadParameters parameters =
              new HeadParameters(
                  new BlockSelection.TopCdf(THRESHOLDS[i]), GATES[gate], HeadParameters.NO_PV_SKIP);
          best = new TunedHead(parameters, worstError[gate][i], sparsity);
        }
      }
    }
    return best;
  }
}
