package org.reelspark.backend.cpu;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import java.util.Arrays;

/** What one thread works with during attention over heads of one dimension. */
final class AttentionWorkspace {
  private final int dimension;

  /** Rows of one query block, then of its output. */
  final float[] queryRows;

  /** Rows of one value block. */
  final float[] valueRows;

  /** The groups of one query block. */
  final QueryGroup[] groups = new QueryGroup[QUERY_BLOCK / QueryGroup.SIZE];

  AttentionWorkspace(AttentionKernel kernel, int dimension) {
    this.dimension = dimension;
    this.queryRows = new float[QUERY_BLOCK * dimension];
    this.valueRows = new float[KEY_BLOCK * dimension];
    Arrays.setAll(groups, i -> new QueryGroup(kernel, dimension));
  }

  int dimension() {
    return dimension;
  }
}
