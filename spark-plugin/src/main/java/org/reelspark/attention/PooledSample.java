package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

/** A sample with what block prediction needs to know of it. */
final class PooledSample {
  private final HeadSample sample;
  private final BlockGeometry geometry;
  private final PooledBlocks keys;
  private final PooledBlocks queries;

  PooledSample(HeadSample sample) {
    this.sample = sample;
    this.geometry = new BlockGeometry(sample.tokens(), sample.tokens(), Masking.BIDIRECTIONAL);
    int dimension = sample.dimension();
    this.keys = PooledBlocks.allocate(geometry.keyBlocks(), dimension);
    this.queries = PooledBlocks.allocate(geometry.queryBlocks(), dimension);
    float[] meanKey = BlockPooling.meanToken(sample.key(), sample.tokens(), dimension);
    for (int block = 0; block < geometry.keyBlocks(); block++) {
      int offset = block * KEY_BLOCK * dimension;
      BlockPooling.pool(sample.key(), offset, geometry.keysIn(block), meanKey, keys, block);
    }
    float[] origin = new float[dimension];
    for (int block = 0; block < geometry.queryBlocks(); block++) {
      int offset = block * QUERY_BLOCK * dimension;
      BlockPooling.pool(sample.query(), offset, geometry.queriesIn(block), origin, queries, block);
    }
  }

  int keyBlocks() {
    return geometry.keyBlocks();
  }

  BlockContributions contributions(int queryBlock) {
    return new BlockContributions(sample, geometry, queryBlock);
  }

  /** Whether the gate lets blocks of the row be skipped at all. */
  boolean isSimilar(int queryBlock, float similarityThreshold) {
    return queries.similarities()[queryBlock] > similarityThreshold;
  }

  RankedBlocks rank(int queryBlock, float similarityThreshold) {
    HeadParameters head =
        new HeadParameters(
            new BlockSelection.TopCdf(1), similarityThreshold, HeadParameters.NO_PV_SKIP);
    return predictor(head).rank(keyBlocks(), queries, queryBlock);
  }

  int[] select(int queryBlock, HeadParameters head) {
    return predictor(head).select(queryBlock, queries, queryBlock);
  }

  private BlockPredictor predictor(HeadParameters head) {
    AttentionParameters parameters = AttentionParameters.uniform(1, head, sample.scale());
    return new BlockPredictor(geometry, parameters, 0, keys);
  }
}
