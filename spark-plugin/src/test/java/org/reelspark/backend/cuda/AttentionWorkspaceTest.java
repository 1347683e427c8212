package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttentionWorkspaceTest {
  /** 2 batch items, 4 query and 2 key heads, 4 query and 11 key blocks. */
  private static final PreparationSize SIZE = new PreparationSize(2, 4, 2, 500, 700, 64);

  private static final long QUERY_ROWS = 2 * 4 * 4 * 128;
  private static final long KEY_BLOCKS = 2 * 2 * 11;
  private static final long ROWS = 2 * 4 * 4;

  @ParameterizedTest
  @EnumSource(OperandFormat.class)
  void everySectionHasRoomAndIsAligned(OperandFormat format) {
    long narrow = 2 * 4 * 500 * 64 * 2;
    AttentionWorkspace workspace =
        AttentionWorkspace.of(SIZE, format, Preparation.Extent.OPERANDS_AND_SELECTION, narrow);

    long[][] sections = {
      {workspace.counters(), 20},
      {workspace.queries(), QUERY_ROWS * 64 * format.queryBytes()},
      {workspace.keys(), KEY_BLOCKS * 64 * 64 * format.queryBytes()},
      {workspace.values(), KEY_BLOCKS * 64 * 64 * format.valueBytes()},
      {workspace.queryScales(), QUERY_ROWS * 4},
      {workspace.keyScales(), KEY_BLOCKS * 4},
      {workspace.valueScales(), 2 * 2 * 64 * 4},
      {workspace.scratch(), SIZE.scratch().bytes()},
      {workspace.ids(), ROWS * 11 * 2},
      {workspace.counts(), ROWS * 4},
      {workspace.rowOrder(), ROWS * 4},
      {workspace.narrowOutput(), narrow},
      {workspace.byteSize(), 0}
    };
    long end = 0;
    for (long[] section : sections) {
      assertThat(section[0]).isGreaterThanOrEqualTo(end).isLessThan(end + 256);
      assertThat(section[0] % 256).isZero();
      end = section[0] + section[1];
    }
  }

  @ParameterizedTest
  @EnumSource(OperandFormat.class)
  void denseAttentionNeedsNoLists(OperandFormat format) {
    AttentionWorkspace dense = AttentionWorkspace.of(SIZE, format, Preparation.Extent.OPERANDS, 0);

    assertThat(dense.byteSize()).isEqualTo(dense.ids()).isEqualTo(dense.narrowOutput());
  }
}
