package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;

/** The arguments of {@code sparse_attention} as columns. */
record AttentionColumns(
    int rows,
    FloatLists queries,
    FloatLists keys,
    FloatLists values,
    IntColumn headDimensions,
    OptionColumn options)
    implements AutoCloseable {
  /**
   * @param columns in the order of the arguments; they outlive the result
   */
  static AttentionColumns of(int rows, ColumnView... columns) {
    return new AttentionColumns(
        rows,
        FloatLists.of("q", columns[0], rows),
        FloatLists.of("k", columns[1], rows),
        FloatLists.of("v", columns[2], rows),
        IntColumn.of(columns[3], rows),
        OptionColumn.of(columns[4], rows));
  }

  /**
   * What each row asks for: nothing where an argument but the options is null.
   *
   * @throws org.reelspark.error.ReelsparkException INVALID_OPTION when a row is wrong
   */
  List<Optional<SparseAttention.Call>> calls(SparseAttention function) {
    List<Optional<SparseAttention.Call>> calls = new ArrayList<>(rows);
    for (int row = 0; row < rows; row++) {
      boolean isNull =
          queries.isNull(row)
              || keys.isNull(row)
              || values.isNull(row)
              || headDimensions.isNull(row);
      calls.add(isNull ? Optional.empty() : Optional.of(call(function, row)));
    }
    return calls;
  }

  private SparseAttention.Call call(SparseAttention function, int row) {
    SparseAttention.Call call =
        function.call(
            queries.length(row),
            keys.length(row),
            values.length(row),
            headDimensions.value(row),
            options.value(row));
    queries.requireNoNullIn(row);
    keys.requireNoNullIn(row);
    values.requireNoNullIn(row);
    return call;
  }

  /** A row's queries, keys and values where they lie. */
  AttentionInputs inputs(int row, SparseAttention.Call call) {
    return new AttentionInputs(
        queries.tensor(row, call.queryShape()),
        keys.tensor(row, call.keyShape()),
        values.tensor(row, call.keyShape()),
        AttentionLayout.TOKEN_MAJOR);
  }

  @Override
  public void close() {
    queries.close();
    keys.close();
    values.close();
  }
}
