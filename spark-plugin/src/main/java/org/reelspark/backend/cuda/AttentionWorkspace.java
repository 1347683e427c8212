package org.reelspark.backend.cuda;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

/**
 * Offsets of what the launches of an attention call hand to each other, in the layouts of {@code
 * attention_layout.h}.
 *
 * @param counters the attention kernel's counts, then its counter of rows; zero at its launch
 * @param ids and what follows, for selection only
 * @param narrowOutput 16-bit results that wait to be widened
 */
record AttentionWorkspace(
    long counters,
    long queries,
    long keys,
    long values,
    long queryScales,
    long keyScales,
    long valueScales,
    long scratch,
    long ids,
    long counts,
    long rowOrder,
    long narrowOutput,
    long byteSize) {
  /** Bytes of {@link #counters}. */
  static final int COUNTER_BYTES = StatisticsReadback.BYTES + Integer.BYTES;

  /**
   * @param narrowOutputBytes 0 when the kernel writes the tensor itself
   */
  static AttentionWorkspace of(
      PreparationSize size,
      OperandFormat format,
      Preparation.Extent extent,
      long narrowOutputBytes) {
    WorkspaceLayout layout = new WorkspaceLayout();
    long dimension = size.kernelDimension();
    long queryRows = size.rows() * QUERY_BLOCK;
    long keyBlocks = size.allKeyHeads() * size.keyBlocks();
    long keyRows = keyBlocks * KEY_BLOCK;
    long counters = layout.add(COUNTER_BYTES);
    long queries = layout.add(queryRows * dimension * format.queryBytes());
    long keys = layout.add(keyRows * dimension * format.queryBytes());
    long values = layout.add(keyRows * dimension * format.valueBytes());
    long queryScales = layout.add(queryRows * Float.BYTES);
    long keyScales = layout.add(keyBlocks * Float.BYTES);
    long valueScales = layout.add(size.allKeyHeads() * dimension * Float.BYTES);
    long scratch = layout.add(size.scratch().bytes());
    long rows =
        switch (extent) {
          case OPERANDS -> 0;
          case OPERANDS_AND_SELECTION -> size.rows();
        };
    long ids = layout.add(rows * size.keyBlocks() * Short.BYTES);
    long counts = layout.add(rows * Integer.BYTES);
    long rowOrder = layout.add(rows * Integer.BYTES);
    long narrowOutput = layout.add(narrowOutputBytes);
    return new AttentionWorkspace(
        counters,
        queries,
        keys,
        values,
        queryScales,
        keyScales,
        valueScales,
        scratch,
        ids,
        counts,
        rowOrder,
        narrowOutput,
        layout.byteSize());
  }
}
