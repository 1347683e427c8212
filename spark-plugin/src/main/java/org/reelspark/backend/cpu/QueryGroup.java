package org.reelspark.backend.cpu;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;

import java.util.Arrays;
import org.reelspark.attention.BlockGeometry;

/** Attention of {@link #SIZE} consecutive queries of one head. */
final class QueryGroup {
  /** Queries of a full group. */
  static final int SIZE = AttentionKernel.GROUP;

  private final AttentionKernel kernel;
  private final int dimension;

  /** Scaled queries, transposed: {@code [dimension, SIZE]}. */
  private final float[] query;

  /** {@code [KEY_BLOCK, SIZE]}. */
  private final float[] scores = new float[KEY_BLOCK * SIZE];

  private final float[] maxima = new float[SIZE];
  private final SoftmaxState softmax;

  QueryGroup(AttentionKernel kernel, int dimension) {
    this.kernel = kernel;
    this.dimension = dimension;
    this.query = new float[dimension * SIZE];
    this.softmax = new SoftmaxState(PackedHead.paddedRows(dimension));
  }

  /**
   * Starts with new queries. The last one fills the places of those that are missing, because it
   * takes the same PV decisions.
   *
   * @param rows queries {@code [count, dimension]}
   * @param first of the group's queries among them
   * @param factor on queries: scale in log2 units
   */
  void load(float[] rows, int first, int count, float factor) {
    for (int i = 0; i < SIZE; i++) {
      int row = Math.min(first + i, count - 1) * dimension;
      for (int d = 0; d < dimension; d++) {
        query[d * SIZE + i] = rows[row + d] * factor;
      }
    }
    softmax.reset();
  }

  /**
   * Attends to one key block.
   *
   * @param firstQuery index of the group's first query in its head
   * @return false when the block was left out after its scores were known
   */
  boolean attend(
      PackedHead head, int block, BlockGeometry geometry, int firstQuery, float pvThreshold) {
    int keys = geometry.keysIn(block);
    int rows = PackedHead.paddedRows(keys);
    Arrays.fill(scores, 0, rows * SIZE, 0);
    kernel.multiplyAdd(
        head.keys(), head.keyOffset(block), dimension, rows, dimension, query, scores);
    hideInvisible(block * KEY_BLOCK, keys, geometry, firstQuery);
    kernel.maxima(scores, keys, maxima);
    if (!softmax.raise(maxima, pvThreshold)) {
      return false;
    }
    kernel.weights(scores, keys, softmax.shift, softmax.sum);
    kernel.multiplyAdd(
        head.values(),
        head.valueOffset(block),
        KEY_BLOCK,
        PackedHead.paddedRows(dimension),
        keys,
        scores,
        softmax.output);
    return true;
  }

  private void hideInvisible(int firstKey, int keys, BlockGeometry geometry, int firstQuery) {
    if (geometry.visibleKeys(firstQuery) >= firstKey + keys) {
      return;
    }
    for (int i = 0; i < SIZE; i++) {
      int query = Math.min(firstQuery + i, geometry.queryTokens() - 1);
      int visible = Math.max(0, geometry.visibleKeys(query) - firstKey);
      for (int key = visible; key < keys; key++) {
        scores[key * SIZE + i] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /** Writes the group's outputs to rows {@code first} onwards of {@code [count, dimension]}. */
  void store(float[] rows, int first, int count) {
    int queries = Math.min(SIZE, count - first);
    for (int i = 0; i < queries; i++) {
      float sum = softmax.sum[i];
      int row = (first + i) * dimension;
      for (int d = 0; d < dimension; d++) {
        rows[row + d] = sum == 0 ? 0 : softmax.output[d * SIZE + i] / sum;
      }
    }
  }
}
