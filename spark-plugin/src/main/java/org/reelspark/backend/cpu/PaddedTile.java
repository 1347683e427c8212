package org.reelspark.backend.cpu;

import org.reelspark.backend.Convolution;

/**
 * Layout of the input pixels that the largest tile needs: its own, and the margins that the kernel
 * reaches over its edges.
 *
 * @param tileRows rows without margins
 * @param tileColumns columns without margins
 * @param rowMargin rows above the tile, and as many below it
 * @param columnMargin columns left of the tile, and as many to its right
 */
record PaddedTile(int tileRows, int tileColumns, int rowMargin, int columnMargin, int channels) {
  static PaddedTile of(Convolution convolution, PictureTiles tiles) {
    return new PaddedTile(
        tiles.rows(),
        tiles.columns(),
        convolution.kernelHeight() / 2,
        convolution.kernelWidth() / 2,
        convolution.inputs());
  }

  int rows() {
    return tileRows + 2 * rowMargin;
  }

  int columns() {
    return tileColumns + 2 * columnMargin;
  }

  int elementCount() {
    return rows() * columns() * channels;
  }

  /** Index of the first channel at a place that counts from the margins' corner. */
  int offset(int row, int column) {
    return (row * columns() + column) * channels;
  }
}
