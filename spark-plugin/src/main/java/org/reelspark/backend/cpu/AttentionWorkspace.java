package org.reelspark.backend.cpu;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

/** What one thread works with during attention; a view of heads of one dimension. */
final class AttentionWorkspace {
  private final int dimension;

  /** Rows of one query block, then of its output. */
  final float[] queryRows;

  /** Rows of one value block. */
  final float[] valueRows;

  final QueryGroup group;

  AttentionWorkspace(AttentionKernel kernel, int dimension) {
    this.dimension = dimension;
    this.queryRows = new float[QUERY_BLOCK * dimension];
    this.valueRows = new float[KEY_BLOCK * dimension];
    this.group = new QueryGroup(kernel, dimension);
  }

  int dimension() {
    return dimension;
  }
}
