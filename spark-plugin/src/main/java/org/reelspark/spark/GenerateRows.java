package org.reelspark.spark;

import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.reelspark.generate.GenerationSettings;

/** Generates the videos of one partition and appends each result to its row. */
final class GenerateRows implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final ReelsparkConf conf;
  private final HashMap<String, String> defaults;
  private final GenerationMetrics metrics;
  private final InputColumns columns;

  GenerateRows(
      ReelsparkConf conf,
      Map<String, String> defaults,
      GenerationMetrics metrics,
      InputColumns columns) {
    this.conf = conf;
    this.defaults = new HashMap<>(defaults);
    this.metrics = metrics;
    this.columns = columns;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return Collections.emptyIterator();
    }
    GenerationSettings settings = conf.generationSettings(defaults);
    GenerationTask task = GenerationTask.start(conf, settings, metrics.listener());
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> task.close());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        return append(row, ResultRows.of(task.runner().generate(columns.input(row))));
      }
    };
  }

  /** A row with one more value at its end. */
  static Row append(Row row, Row value) {
    Object[] values = new Object[row.size() + 1];
    for (int index = 0; index < row.size(); index++) {
      values[index] = row.get(index);
    }
    values[row.size()] = value;
    return RowFactory.create(values);
  }
}
