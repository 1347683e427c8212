package org.reelspark.jobs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.reelspark.spark.VideoGenerator;

/**
 * What a run will take.
 *
 * @param pending videos to make, those of one shape together, most frequent first
 * @param skipped rows whose video the output directory holds
 * @param repeated rows whose video another row asks for too
 * @param failed rows that cannot be generated
 * @param failureLines what is wrong with the first few of those
 */
record RunPlan(
    List<Batch> pending, long skipped, long repeated, long failed, List<String> failureLines) {
  private static final int MOST_FAILURES_SHOWN = 5;

  /**
   * What decides how long a video takes.
   *
   * @param modelRuns of all steps; a step with guidance takes two
   */
  record Shape(
      int width, int height, int frames, int tokens, int steps, int modelRuns, String attention) {
    /** Tokens of all model runs. */
    long work() {
      return (long) tokens * modelRuns;
    }
  }

  /**
   * Videos of one shape.
   *
   * @param firstRow number of one of their rows
   */
  record Batch(Shape shape, long videos, long firstRow) {}

  /**
   * @param rows what {@link VideoGenerator#plan} gave
   */
  static RunPlan of(List<Row> rows) {
    Map<Shape, Batch> batches = new LinkedHashMap<>();
    List<String> failureLines = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    long skipped = 0;
    long repeated = 0;
    long failed = 0;
    for (Row row : rows) {
      long number = row.getAs(Prompts.ROW_COLUMN);
      Row plan = row.getAs(VideoGenerator.PLAN_COLUMN);
      switch ((String) plan.getAs("status")) {
        case "pending" -> {
          if (keys.add(plan.getAs("key"))) {
            batches.merge(shape(plan), new Batch(shape(plan), 1, number), RunPlan::add);
          } else {
            repeated++;
          }
        }
        case "skipped" -> skipped++;
        case "failed" -> {
          failed++;
          if (failureLines.size() < MOST_FAILURES_SHOWN) {
            failureLines.add(
                "row %d: %s: %s"
                    .formatted(number, plan.getAs("error_code"), plan.getAs("error_message")));
          }
        }
        default -> throw new IllegalStateException("unknown status in " + plan);
      }
    }
    List<Batch> pending = new ArrayList<>(batches.values());
    pending.sort(Comparator.comparingLong(Batch::videos).reversed());
    return new RunPlan(List.copyOf(pending), skipped, repeated, failed, List.copyOf(failureLines));
  }

  private static Shape shape(Row plan) {
    return new Shape(
        plan.getAs("width"),
        plan.getAs("height"),
        plan.getAs("frames"),
        plan.getAs("tokens"),
        plan.getAs("steps"),
        plan.getAs("model_runs"),
        plan.getAs("attention"));
  }

  private static Batch add(Batch batch, Batch more) {
    return new Batch(
        batch.shape(), batch.videos() + more.videos(), Math.min(batch.firstRow(), more.firstRow()));
  }

  long videos() {
    return pending.stream().mapToLong(Batch::videos).sum();
  }

  long rows() {
    return videos() + skipped + repeated + failed;
  }

  /** Sampler steps of all pending videos. */
  long steps() {
    return pending.stream().mapToLong(batch -> batch.videos() * batch.shape().steps()).sum();
  }

  /** Tokens x model runs of all pending videos. */
  long work() {
    return pending.stream().mapToLong(batch -> batch.videos() * batch.shape().work()).sum();
  }

  /** The plan for a person to read. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%d rows: %d to generate, %d skipped (already there), %d failed"
            .formatted(rows(), videos(), skipped, failed));
    if (repeated > 0) {
      text.append(", %d the same as another".formatted(repeated));
    }
    text.append(System.lineSeparator());
    for (Batch batch : pending) {
      Shape shape = batch.shape();
      text.append(
          String.format(
              Locale.ROOT,
              "  %d x %dx%d pixels, %d frames: %,d tokens, %d steps, %d model runs, %s attention%n",
              batch.videos(),
              shape.width(),
              shape.height(),
              shape.frames(),
              shape.tokens(),
              shape.steps(),
              shape.modelRuns(),
              shape.attention()));
    }
    failureLines.forEach(line -> text.append("  ").append(line).append(System.lineSeparator()));
    return text.toString();
  }
}
