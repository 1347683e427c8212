package org.reelspark.backend.cpu;

/**
 * How the output of a linear layer is cut. The tiles depend on its size alone, so that results do
 * not depend on the number of threads.
 */
record LinearTiles(long rows, long columns, long tileRows, long tileColumns) {
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

  static LinearTiles of(long rows, long columns) {
    long wanted = Math.max(1, Math.round((double) rows / ROWS));
    long even = wanted < EVEN_TILES ? wanted : wanted / EVEN_TILES * EVEN_TILES;
    long tileRows = roundUp(Math.max(1, ceilDiv(rows, even)), ROW_STEP);
    long tileColumns = rows <= FEW_ROWS ? COLUMNS_OF_FEW_ROWS : COLUMNS;
    return new LinearTiles(rows, columns, tileRows, tileColumns);
  }

  int count() {
    return Math.toIntExact(ceilDiv(rows, tileRows) * columnTiles());
  }

  LinearTile tile(int index) {
    long fromRow = index / columnTiles() * tileRows;
    long fromColumn = index % columnTiles() * tileColumns;
    return new LinearTile(
        fromRow,
        (int) Math.min(tileRows, rows - fromRow),
        fromColumn,
        (int) Math.min(tileColumns, columns - fromColumn));
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
