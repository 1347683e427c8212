package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;

/**
 * A copy of where the lists, or strings, of a column lie among all their elements.
 *
 * @param offsets of each row's first element, then the count of all
 */
record Lists(Validity validity, int[] offsets) {
  static Lists of(ColumnView column, int rows) {
    return new Lists(Validity.of(column), DeviceCopies.ints(column.getOffsets(), rows + 1));
  }

  boolean isNull(int row) {
    return validity.isNull(row);
  }

  int start(int row) {
    return offsets[row];
  }

  int end(int row) {
    return offsets[row + 1];
  }

  int length(int row) {
    return end(row) - start(row);
  }

  int elements() {
    return offsets[offsets.length - 1];
  }
}
