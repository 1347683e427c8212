package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** A copy of a column of maps from STRING to STRING: lists of structs of two. */
record OptionColumn(Lists lists, TextColumn keys, TextColumn values) {
  static OptionColumn of(ColumnView column, int rows) {
    Lists lists = Lists.of(column, rows);
    int entries = lists.elements();
    try (ColumnView pairs = column.getChildColumnView(0);
        ColumnView keys = pairs.getChildColumnView(0);
        ColumnView values = pairs.getChildColumnView(1)) {
      return new OptionColumn(lists, TextColumn.of(keys, entries), TextColumn.of(values, entries));
    }
  }

  /** Empty when the row is null. */
  Map<String, String> value(int row) {
    Map<String, String> options = new TreeMap<>();
    if (!lists.isNull(row)) {
      for (int entry = lists.start(row); entry < lists.end(row); entry++) {
        options.put(keys.text(entry), values.text(entry));
      }
    }
    return Collections.unmodifiableMap(options);
  }
}
