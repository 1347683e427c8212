package org.reelspark.jobs;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.apache.spark.sql.Row;
import org.reelspark.jobs.RunPlan.Batch;
import org.reelspark.jobs.RunPlan.Shape;
import org.reelspark.model.Guidance;

/**
 * How long videos take, measured on one sampler step of one video.
 *
 * @param shape of the measured video
 * @param onceMillis text, decoding, encoding and writing
 * @param runMillis one run of the model
 */
record TimeEstimate(Shape shape, double onceMillis, double runMillis) {
  private static final double MILLIS_A_SECOND = 1000;

  /**
   * @param result of a video of one step
   */
  static TimeEstimate of(Shape shape, Row result) {
    Row timings = result.getAs("timings");
    Guidance guidance = Guidance.throughout(result.getAs("guidance"));
    long denoise = timings.getAs("denoise_ms");
    long all = 0;
    for (int stage = 0; stage < timings.size(); stage++) {
      all += timings.getLong(stage);
    }
    return new TimeEstimate(shape, all - denoise, (double) denoise / guidance.modelRuns(1));
  }

  /**
   * Seconds that a plan takes at most, longest videos first, each executor making one at a time.
   *
   * @param executors that generate at the same time
   */
  double seconds(RunPlan plan, int executors) {
    PriorityQueue<Double> ends = new PriorityQueue<>(Collections.nCopies(executors, 0.0));
    double last = 0;
    List<Batch> longestFirst =
        plan.pending().stream()
            .sorted(Comparator.comparingDouble(this::videoSeconds).reversed())
            .toList();
    for (Batch batch : longestFirst) {
      for (long video = 0; video < batch.videos(); video++) {
        double end = ends.remove() + videoSeconds(batch);
        ends.add(end);
        last = Math.max(last, end);
      }
    }
    return last;
  }

  /** Seconds that all executors together spend on a plan at most: what it costs. */
  double executorSeconds(RunPlan plan) {
    return plan.pending().stream().mapToDouble(batch -> batch.videos() * videoSeconds(batch)).sum();
  }

  /** The estimate for a person to read. */
  String text(RunPlan plan, int executors) {
    return "The run takes about %s on %s: %s of executor time"
        .formatted(
            Durations.text(seconds(plan, executors)),
            executors == 1 ? "1 executor" : executors + " executors",
            Durations.text(executorSeconds(plan)));
  }

  /** A run's time grows with the number of tokens at least linearly and at most with its square. */
  private double videoSeconds(Batch batch) {
    double ratio = (double) batch.shape().tokens() / shape.tokens();
    double runRatio = Math.max(ratio, ratio * ratio);
    return (onceMillis * ratio + batch.shape().modelRuns() * runMillis * runRatio)
        / MILLIS_A_SECOND;
  }
}
