package org.reelspark.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.Cancellation;
import org.reelspark.generate.GenerationPlanner;
import org.reelspark.generate.GenerationRequest;
import org.reelspark.generate.PlannedGeneration;
import org.reelspark.spark.LongestFirst.Work;

/** Says for each row of a partition what its video will take, and generates nothing. */
final class PlanRows implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("status", DataTypes.StringType)
          .add("key", DataTypes.StringType)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("frames", DataTypes.IntegerType)
          .add("steps", DataTypes.IntegerType)
          .add("guidance", DataTypes.FloatType)
          .add("model_runs", DataTypes.IntegerType)
          .add("attention", DataTypes.StringType)
          .add("tokens", DataTypes.IntegerType)
          .add("error_code", DataTypes.StringType)
          .add("error_message", DataTypes.StringType);

  private static final String PENDING = "pending";
  private static final String SKIPPED = "skipped";
  private static final String FAILED = "failed";

  private final ReelsparkConf conf;
  private final HashMap<String, String> defaults;
  private final InputColumns columns;

  PlanRows(ReelsparkConf conf, Map<String, String> defaults, InputColumns columns) {
    this.conf = conf;
    this.defaults = new HashMap<>(defaults);
    this.columns = columns;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    List<Row> planned = new ArrayList<>();
    if (rows.hasNext()) {
      Cancellation cancellation = TaskCancellation.current();
      try (DeviceRuntime.Lease lease = ExecutorRuntime.instance().lease(conf, cancellation)) {
        GenerationPlanner planner =
            new GenerationPlanner(
                lease.model(),
                VideoOutputs.open(conf, lease.model().description()),
                conf.generationSettings(defaults));
        rows.forEachRemaining(row -> planned.add(GenerateRows.append(row, plan(planner, row))));
      }
    }
    return planned.iterator();
  }

  /**
   * What is left to do for a row.
   *
   * @param plan of type {@link #SCHEMA}
   */
  static Work work(Row plan) {
    if (!PENDING.equals(value(plan, "status"))) {
      return Work.NONE;
    }
    int tokens = value(plan, "tokens");
    int modelRuns = value(plan, "model_runs");
    return new Work(
        (long) tokens * modelRuns,
        value(plan, "width"),
        value(plan, "height"),
        value(plan, "frames"));
  }

  /** By the schema's index, because a row made here knows no names. */
  private static <T> T value(Row plan, String name) {
    return plan.getAs(SCHEMA.fieldIndex(name));
  }

  private Row plan(GenerationPlanner planner, Row row) {
    try {
      return row(planner.plan(columns.input(row)));
    } catch (ReelsparkException e) {
      if (e.errorClass() != ErrorClass.ROW) {
        throw e;
      }
      return failed(e);
    }
  }

  private static Row failed(ReelsparkException e) {
    Object[] values = new Object[SCHEMA.length()];
    values[SCHEMA.fieldIndex("status")] = FAILED;
    values[SCHEMA.fieldIndex("error_code")] = e.code().name();
    values[SCHEMA.fieldIndex("error_message")] = e.getMessage();
    return RowFactory.create(values);
  }

  private static Row row(PlannedGeneration plan) {
    GenerationRequest request = plan.request();
    return RowFactory.create(
        plan.finished().isPresent() ? SKIPPED : PENDING,
        plan.key(),
        request.width(),
        request.height(),
        request.frames(),
        request.steps(),
        request.guidanceScale(),
        request.guidance().modelRuns(request.steps()),
        request.attention().name().toLowerCase(Locale.ROOT),
        plan.tokens(),
        null,
        null);
  }
}
