package org.reelspark.backend.cpu;

/**
 * How the output of a linear layer is cut. The tiles depend on its size alone, so that results do
 * not depend on the number of threads. None reaches from one frame into the next: OpenBLAS may sum
 * a row otherwise in another place of its tile, and what a frame becomes must not depend on the
 * frames beside it.
 *
 * @param rows of a frame
 */
record LinearTiles(long frames, long rows, long columns, long tileRows, long tileColumns) {
  /**
   * OpenBLAS packs the weights anew for each tile: with this many rows that is a small part, and
   * the model's long sequences still make enough tiles for many threads.
   */
  private static final long ROWS = 512;

  private static final long COLUMNS = 1024;

  /** With few rows the weights are most of the work, and are shared out among the threads. */
  private static final long FEW_ROWS = 64;

  private static final long COLUMNS_OF_FEW_ROWS = 256;

  /** More tiles than these come in multiples of it, so that no thread waits for the last one. */
  private static final long EVEN_TILES = 4;

  /** What the vector units take at a time. */
  private static final long ROW_STEP = 16;

  /**
   * @param rows of a frame
   */
  static LinearTiles of(long frames, long rows, long columns) {
    long wanted = Math.max(1, Math.round((double) rows / ROWS));
    long even = wanted < EVEN_TILES ? wanted : wanted / EVEN_TILES * EVEN_TILES;
    long tileRows = roundUp(Math.max(1, ceilDiv(rows, even)), ROW_STEP);
    long tileColumns = rows <= FEW_ROWS ? COLUMNS_OF_FEW_ROWS : COLUMNS;
    return new LinearTiles(frames, rows, columns, tileRows, tileColumns);
  }

  int count() {
    return Math.toIntExact(frames * tilesOfFrame());
  }

  LinearTile tile(int index) {
    long frame = index / tilesOfFrame();
    long tile = index % tilesOfFrame();
    long fromRow = tile / columnTiles() * tileRows;
    long fromColumn = tile % columnTiles() * tileColumns;
    return new LinearTile(
        frame * rows + fromRow,
        (int) Math.min(tileRows, rows - fromRow),
        fromColumn,
        (int) Math.min(tileColumns, columns - fromColumn));
  }

  private long tilesOfFrame() {
    return ceilDiv(rows, tileRows) * columnTiles();
  }

  private long columnTiles() {
    return ceilDiv(columns, tileColumns);
  }

  private static long ceilDiv(long dividend, long divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  private static long roundUp(long value, long step) {
    return ceilDiv(value, step) * step;
  }
}
