package org.reelspark.backend.cuda;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

import org.reelspark.attention.AttentionShape;

/**
 * Grids, shared and scratch memory of the preparation kernels: the arithmetic of {@code
 * preparation.h}, whose test and that of this class read the same golden file.
 *
 * @param kernelDimension 64 or 128, to which heads are padded
 */
record PreparationSize(
    long batch,
    long queryHeads,
    long keyHeads,
    long queryTokens,
    long keyTokens,
    int kernelDimension) {
  private static final int TILE_ELEMENTS = 8192;
  private static final int SUM_GROUP = 32;
  private static final int POOLED_TILE = 32;
  private static final int SELECT_ROWS = 8;
  private static final int SCORE_BYTES = 12;
  private static final int MOST_SHARED_SCORES = 90 * 1024 / SCORE_BYTES;
  private static final long SCRATCH_SELECT_BLOCKS = 256;
  private static final int COUNTER_SPACING = 256;

  /**
   * Scratch memory.
   *
   * @param cleared bytes from its start that must be zero at the launch
   */
  record Scratch(long cleared, long bytes) {}

  static PreparationSize of(AttentionShape shape, int kernelDimension) {
    return new PreparationSize(
        shape.batch(),
        shape.queryHeads(),
        shape.keyHeads(),
        shape.queryTokens(),
        shape.keyTokens(),
        kernelDimension);
  }

  long queryBlocks() {
    return Blocks.of(queryTokens, QUERY_BLOCK);
  }

  long keyBlocks() {
    return Blocks.of(keyTokens, KEY_BLOCK);
  }

  /** Query blocks of all heads and batch items. */
  long rows() {
    return batch * queryHeads * queryBlocks();
  }

  /** Key heads of all batch items. */
  long allKeyHeads() {
    return batch * keyHeads;
  }

  private int tileTokens() {
    return TILE_ELEMENTS / kernelDimension;
  }

  private long keyTiles() {
    return Blocks.of(keyTokens, tileTokens());
  }

  private long sumGroups() {
    return Blocks.of(keyTiles(), SUM_GROUP);
  }

  /** Tiles that the blocks of a prepare kernel share out among themselves. */
  long prepareTiles() {
    return allKeyHeads() * 4 * keyTiles() + rows() * (QUERY_BLOCK / tileTokens());
  }

  private boolean scoresInScratch() {
    return keyBlocks() > MOST_SHARED_SCORES;
  }

  private int selectRows() {
    int rows = SELECT_ROWS;
    while (rows > 1 && rows * keyBlocks() > MOST_SHARED_SCORES && !scoresInScratch()) {
      rows /= 2;
    }
    return rows;
  }

  long selectGrid() {
    long groups = batch * queryHeads * Blocks.of(queryBlocks(), selectRows());
    return scoresInScratch() ? Math.min(groups, SCRATCH_SELECT_BLOCKS) : groups;
  }

  int selectSharedBytes() {
    return scoresInScratch() ? 0 : Math.toIntExact(selectRows() * keyBlocks() * SCORE_BYTES);
  }

  long orderGrid(int headsPerGroup) {
    return batch * (queryHeads / headsPerGroup);
  }

  Scratch scratch() {
    long heads = allKeyHeads();
    long floatsOfHeads = heads * kernelDimension * Float.BYTES;
    WorkspaceLayout layout = new WorkspaceLayout();
    layout.add(floatsOfHeads + COUNTER_SPACING + heads * (3 + sumGroups()) * Integer.BYTES);
    long cleared = layout.byteSize();
    layout.add(
        floatsOfHeads * (keyTiles() + sumGroups() + 1)
            + rows() * (kernelDimension + 1) * Float.BYTES
            + floatsOfHeads * Blocks.of(keyBlocks(), POOLED_TILE) * POOLED_TILE
            + heads * keyBlocks() * Float.BYTES);
    if (scoresInScratch()) {
      layout.add(selectGrid() * SELECT_ROWS * keyBlocks() * SCORE_BYTES);
    }
    return new Scratch(cleared, layout.byteSize());
  }
}
