package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;

/**
 * Which rows of a column are null.
 *
 * @param bits one for each row that is not, low bits first; empty when none is null
 */
record Validity(byte[] bits) {
  static Validity of(ColumnView column) {
    return new Validity(
        column.getNullCount() == 0 ? new byte[0] : DeviceCopies.bytes(column.getValid()));
  }

  boolean isNull(int row) {
    return bits.length > 0 && (bits[row / Byte.SIZE] >> (row % Byte.SIZE) & 1) == 0;
  }
}
