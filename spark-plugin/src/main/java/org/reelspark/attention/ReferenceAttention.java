package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_GROUP;

import java.util.Arrays;

/**
 * The semantics of sparse attention, in plain 32-bit arithmetic; backends are tested against it.
 *
 * <p>{@link BlockPredictor} selects key blocks for each query block. Attention over them is an
 * online softmax in ascending block order, with scores in log2 units: {@code score = (scale *
 * log2(e) * query) . key}. For each {@link AttentionParameters#QUERY_GROUP} consecutive queries, a
 * block is left out after its scores are known when for every query of the group {@code (greatest
 * score in the block) - (greatest score so far, this block included) < -pvThreshold}.
 *
 * <p>A query that sees no key gives zeros. Values that are not finite follow IEEE arithmetic
 * through the blocks that are not left out, in which keys that masking hides weigh zero; the block
 * predictor keeps the blocks in which it meets them.
 */
public final class ReferenceAttention {
  private static final double LOG2_E = 1 / Math.log(2);

  private final AttentionShape shape;
  private final AttentionParameters parameters;
  private final BlockGeometry geometry;

  /**
   * @param output {@code [batch, queryHeads, queryTokens, headDimension]}
   */
  public record Result(float[] output, AttentionStatistics statistics) {}

  private ReferenceAttention(AttentionShape shape, AttentionParameters parameters) {
    parameters.checkHeads(shape.queryHeads());
    this.shape = shape;
    this.parameters = parameters;
    this.geometry = new BlockGeometry(shape.queryTokens(), shape.keyTokens(), parameters.masking());
  }

  /**
   * Attention of all heads.
   *
   * @param query {@code [batch, queryHeads, queryTokens, headDimension]}
   * @param key {@code [batch, keyHeads, keyTokens, headDimension]}, value alike
   * @throws IllegalArgumentException when an array or the parameters do not fit the shape
   */
  public static Result attend(
      AttentionShape shape,
      float[] query,
      float[] key,
      float[] value,
      AttentionParameters parameters) {
    checkLength("query", query, shape.queryElements());
    checkLength("key", key, shape.keyElements());
    checkLength("value", value, shape.keyElements());
    ReferenceAttention attention = new ReferenceAttention(shape, parameters);
    float[] output = new float[query.length];
    AttentionStatistics statistics = AttentionStatistics.NONE;
    for (int batch = 0; batch < shape.batch(); batch++) {
      for (int head = 0; head < shape.queryHeads(); head++) {
        float[] q = attention.queryRows(query, batch, head);
        float[] k = attention.keyRows(key, batch, head);
        float[] v = attention.keyRows(value, batch, head);
        HeadOutput result = attention.new HeadOutput(q, k, v, attention.select(q, k, head), head);
        System.arraycopy(result.output, 0, output, attention.offset(batch, head), q.length);
        statistics = statistics.plus(result.statistics());
      }
    }
    return new Result(output, statistics);
  }

  /**
   * The key blocks that each query block of one head attends to.
   *
   * @return ascending block indices for each query block
   */
  public static int[][] selectedBlocks(
      AttentionShape shape,
      float[] query,
      float[] key,
      AttentionParameters parameters,
      int batch,
      int head) {
    ReferenceAttention attention = new ReferenceAttention(shape, parameters);
    return attention.select(
        attention.queryRows(query, batch, head), attention.keyRows(key, batch, head), head);
  }

  private static void checkLength(String name, float[] values, long expected) {
    if (values.length != expected) {
      throw new IllegalArgumentException(
          "%s has %d elements, its shape %d".formatted(name, values.length, expected));
    }
  }

  private int offset(int batch, int head) {
    return (batch * shape.queryHeads() + head) * shape.queryTokens() * shape.headDimension();
  }

  private float[] queryRows(float[] query, int batch, int head) {
    int from = offset(batch, head);
    return Arrays.copyOfRange(query, from, from + shape.queryTokens() * shape.headDimension());
  }

  private float[] keyRows(float[] key, int batch, int queryHead) {
    int size = shape.keyTokens() * shape.headDimension();
    int from = (batch * shape.keyHeads() + shape.keyHead(queryHead)) * size;
    return Arrays.copyOfRange(key, from, from + size);
  }

  private int[][] select(float[] query, float[] key, int head) {
    int dimension = shape.headDimension();
    float[] keyMean = BlockPooling.meanToken(key, shape.keyTokens(), dimension);
    PooledBlocks keys = pool(key, shape.keyTokens(), KEY_BLOCK, keyMean);
    PooledBlocks queries = pool(query, shape.queryTokens(), QUERY_BLOCK, new float[dimension]);
    BlockPredictor predictor = new BlockPredictor(geometry, parameters, head, keys);
    int[][] selected = new int[geometry.queryBlocks()][];
    for (int block = 0; block < selected.length; block++) {
      selected[block] = predictor.select(block, queries, block);
    }
    return selected;
  }

  private PooledBlocks pool(float[] rows, int tokens, int blockTokens, float[] center) {
    int dimension = shape.headDimension();
    int blocks = (tokens + blockTokens - 1) / blockTokens;
    PooledBlocks pooled = PooledBlocks.allocate(blocks, dimension);
    for (int block = 0; block < blocks; block++) {
      int first = block * blockTokens;
      int count = Math.min(blockTokens, tokens - first);
      BlockPooling.pool(rows, first * dimension, count, center, pooled, block);
    }
    return pooled;
  }

  /** Attention of one head over its selected blocks. */
  private final class HeadOutput {
    private final int dimension = shape.headDimension();
    private final float[] query;
    private final float[] key;
    private final float[] value;
    private final float pvThreshold;
    private final float[] output;
    private final float[] maximum;
    private final float[] weightSum;
    private long selected;
    private double pvSkipped;

    HeadOutput(float[] query, float[] key, float[] value, int[][] selectedBlocks, int head) {
      this.query = query.clone();
      this.key = key;
      this.value = value;
      this.pvThreshold = parameters.heads().get(head).pvThreshold();
      this.output = new float[query.length];
      this.maximum = new float[shape.queryTokens()];
      this.weightSum = new float[shape.queryTokens()];
      float factor = (float) (parameters.scale() * LOG2_E);
      for (int i = 0; i < query.length; i++) {
        this.query[i] *= factor;
      }
      Arrays.fill(maximum, Float.NEGATIVE_INFINITY);
      for (int block = 0; block < selectedBlocks.length; block++) {
        attendBlock(block, selectedBlocks[block]);
      }
      for (int i = 0; i < output.length; i++) {
        float sum = weightSum[i / dimension];
        output[i] = sum == 0 ? 0 : output[i] / sum;
      }
    }

    AttentionStatistics statistics() {
      return new AttentionStatistics(geometry.admissiblePairs(), selected, pvSkipped);
    }

    private void attendBlock(int queryBlock, int[] keyBlocks) {
      int begin = queryBlock * QUERY_BLOCK;
      int end = begin + geometry.queriesIn(queryBlock);
      int groups = (end - begin + QUERY_GROUP - 1) / QUERY_GROUP;
      int skippedGroups = 0;
      for (int from = begin; from < end; from += QUERY_GROUP) {
        int to = Math.min(from + QUERY_GROUP, end);
        for (int keyBlock : keyBlocks) {
          skippedGroups += attendGroup(from, to, keyBlock);
        }
      }
      selected += keyBlocks.length;
      pvSkipped += (double) skippedGroups / groups;
    }

    /** Returns 1 when the block was left out, else 0. */
    private int attendGroup(int from, int to, int keyBlock) {
      float[][] scores = new float[to - from][];
      boolean negligible = true;
      for (int q = from; q < to; q++) {
        scores[q - from] = scores(q, keyBlock);
        float blockMaximum = Float.NEGATIVE_INFINITY;
        for (float score : scores[q - from]) {
          blockMaximum = score > blockMaximum ? score : blockMaximum;
        }
        float newMaximum = Math.max(maximum[q], blockMaximum);
        // The sums so far were taken about the old maximum.
        rescale(q, newMaximum);
        negligible &= blockMaximum - newMaximum < -pvThreshold;
      }
      if (negligible) {
        return 1;
      }
      for (int q = from; q < to; q++) {
        addWeighted(q, keyBlock, scores[q - from]);
      }
      return 0;
    }

    /** Scores of the keys of a block, in log2 units; negative infinity for those not visible. */
    private float[] scores(int q, int keyBlock) {
      int firstKey = keyBlock * KEY_BLOCK;
      float[] scores = new float[geometry.keysIn(keyBlock)];
      Arrays.fill(scores, Float.NEGATIVE_INFINITY);
      int visible = Math.min(scores.length, geometry.visibleKeys(q) - firstKey);
      for (int j = 0; j < visible; j++) {
        float sum = 0;
        for (int i = 0; i < dimension; i++) {
          // Fused, as fast kernels do it: their PV decisions then agree bit for bit.
          sum = Math.fma(query[q * dimension + i], key[(firstKey + j) * dimension + i], sum);
        }
        scores[j] = sum;
      }
      return scores;
    }

    private void rescale(int q, float newMaximum) {
      if (newMaximum > maximum[q]) {
        float factor = exp2(maximum[q] - newMaximum);
        weightSum[q] *= factor;
        for (int i = q * dimension; i < (q + 1) * dimension; i++) {
          output[i] *= factor;
        }
        maximum[q] = newMaximum;
      }
    }

    private void addWeighted(int q, int keyBlock, float[] scores) {
      for (int j = 0; j < scores.length; j++) {
        float weight = weight(scores[j], maximum[q]);
        weightSum[q] += weight;
        int row = (keyBlock * KEY_BLOCK + j) * dimension;
        for (int i = 0; i < dimension; i++) {
          output[q * dimension + i] += weight * value[row + i];
        }
      }
    }

    private static float weight(float score, float maximum) {
      return score == Float.NEGATIVE_INFINITY ? 0 : exp2(score - maximum);
    }

    private static float exp2(float x) {
      return (float) Math.exp(x * Math.log(2));
    }
  }
}
