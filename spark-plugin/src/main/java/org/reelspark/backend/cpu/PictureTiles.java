package org.reelspark.backend.cpu;

/**
 * The tiles that a convolution cuts a picture into. They depend on the picture's size only, so
 * results do not depend on the number of threads.
 *
 * @param rows of every tile but the lowest ones, which may have fewer
 * @param columns of every tile but the rightmost ones, which may have fewer
 */
record PictureTiles(int height, int width, int rows, int columns) {
  private static final int COLUMNS = 64;
  private static final int ROWS = 8;

  /** Pictures up to this height get half as many rows, for enough tiles to share out. */
  private static final int SMALL_HEIGHT = 32;

  /** One tile of the picture. */
  record Tile(int top, int left, int rows, int columns) {}

  static PictureTiles of(int height, int width) {
    int rows = height <= SMALL_HEIGHT ? ROWS / 2 : ROWS;
    return new PictureTiles(height, width, Math.min(rows, height), Math.min(COLUMNS, width));
  }

  int count() {
    return ceilDiv(height, rows) * across();
  }

  Tile tile(int index) {
    int top = index / across() * rows;
    int left = index % across() * columns;
    return new Tile(top, left, Math.min(rows, height - top), Math.min(columns, width - left));
  }

  private int across() {
    return ceilDiv(width, columns);
  }

  private static int ceilDiv(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }
}
