package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.reelspark.spark.VideoGenerator;

class RunPlanTest {
  private static final StructType PLAN =
      new StructType()
          .add("status", DataTypes.StringType)
          .add("key", DataTypes.StringType)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("frames", DataTypes.IntegerType)
          .add("tokens", DataTypes.IntegerType)
          .add("steps", DataTypes.IntegerType)
          .add("model_runs", DataTypes.IntegerType)
          .add("attention", DataTypes.StringType);

  private static final StructType ROW =
      new StructType()
          .add(Prompts.ROW_COLUMN, DataTypes.LongType)
          .add(VideoGenerator.PLAN_COLUMN, PLAN);

  private static Row row(long number, String status, String key, int steps, int modelRuns) {
    return row(number, status, key, steps, modelRuns, 100);
  }

  private static Row row(
      long number, String status, String key, int steps, int modelRuns, int tokens) {
    Object[] plan = {status, key, 64, 64, 5, tokens, steps, modelRuns, "dense"};
    return new GenericRowWithSchema(
        new Object[] {number, new GenericRowWithSchema(plan, PLAN)}, ROW);
  }

  @Test
  void videosOfOneShapeAreABatchAndAVideoCountsOnce() {
    RunPlan plan =
        RunPlan.of(
            List.of(
                row(1, "pending", "a", 4, 4),
                row(2, "pending", "b", 8, 16),
                row(3, "pending", "c", 8, 16),
                row(4, "pending", "b", 8, 16),
                row(5, "skipped", "d", 8, 16)));

    assertThat(plan.rows()).isEqualTo(5);
    assertThat(plan.videos()).isEqualTo(3);
    assertThat(plan.steps()).isEqualTo(4 + 8 + 8);
    assertThat(plan.work()).isEqualTo(100 * (4 + 2 * 8 + 2 * 8));
    assertThat(plan.text().lines())
        .containsExactly(
            "5 rows: 3 to generate, 1 skipped (already there), 0 failed, 1 the same as another",
            "  2 x 64x64 pixels, 5 frames: 100 tokens, 8 steps, 16 model runs, dense attention",
            "  1 x 64x64 pixels, 5 frames: 100 tokens, 4 steps, 4 model runs, dense attention");
  }

  @Test
  void numbersAreWrittenAlikeEverywhere() {
    RunPlan plan = RunPlan.of(List.of(row(1, "pending", "a", 4, 4, 14_040)));
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(plan.text()).contains(": 14,040 tokens");
    } finally {
      Locale.setDefault(before);
    }
  }
}
