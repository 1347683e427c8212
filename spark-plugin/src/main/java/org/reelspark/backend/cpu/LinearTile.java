package org.reelspark.backend.cpu;

import org.reelspark.tensor.Tensor;

/** A block of a matrix. */
record LinearTile(long fromRow, int rows, long fromColumn, int columns) {
  long address(Tensor matrix) {
    return matrix.address() + (fromRow * matrix.columns() + fromColumn) * Float.BYTES;
  }

  /** This block of a matrix, or of the one row that stands for each of its rows. */
  FloatRows of(Tensor matrix) {
    if (matrix.rows() == 1) {
      return FloatRows.repeated(matrix.address() + fromColumn * Float.BYTES, columns);
    }
    return FloatRows.at(address(matrix), rows, columns, matrix.columns());
  }
}
