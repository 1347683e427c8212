package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;

/** A copy of a column of INT32. */
record IntColumn(Validity validity, int[] values) {
  static IntColumn of(ColumnView column, int rows) {
    return new IntColumn(Validity.of(column), DeviceCopies.ints(column.getData(), rows));
  }

  boolean isNull(int row) {
    return validity.isNull(row);
  }

  int value(int row) {
    return values[row];
  }
}
