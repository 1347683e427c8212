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

  /**
   * More rows read less of the neighbouring tiles; the sums must stay in the second-level cache.
   */
  private static final int MOST_ROWS = 16;

  private static final int FEWEST_ROWS = 4;

  /** Bands that a small picture is cut into, for enough tiles to share out. */
  private static final int BANDS = 8;

  /** One tile of the picture. */
  record Tile(int top, int left, int rows, int columns) {}

  static PictureTiles of(int height, int width) {
    int rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, height / BANDS));
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
