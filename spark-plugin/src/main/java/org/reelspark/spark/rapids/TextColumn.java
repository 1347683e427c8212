package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;
import java.nio.charset.StandardCharsets;

/** A copy of a column of STRING. */
record TextColumn(Lists lists, byte[] characters) {
  static TextColumn of(ColumnView column, int rows) {
    return new TextColumn(Lists.of(column, rows), DeviceCopies.bytes(column.getData()));
  }

  /** Null when the row is. */
  String text(int row) {
    return lists.isNull(row)
        ? null
        : new String(characters, lists.start(row), lists.length(row), StandardCharsets.UTF_8);
  }
}
