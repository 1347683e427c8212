package org.reelspark.jobs;

import org.apache.spark.sql.Row;
import org.reelspark.jobs.RunPlan.Batch;
import org.reelspark.jobs.RunPlan.Shape;

/**
 * How long videos take, measured on one sampler step of one video.
 *
 * @param shape of the measured video
 * @param onceMillis text, decoding, encoding and writing
 * @param stepMillis one sampler step
 */
record TimeEstimate(Shape shape, double onceMillis, double stepMillis) {
  private static final double MILLIS_A_SECOND = 1000;

  /**
   * @param timings of a video of one step, from its result
   */
  static TimeEstimate of(Shape shape, Row timings) {
    long denoise = timings.getAs("denoise_ms");
    long all = 0;
    for (int stage = 0; stage < timings.size(); stage++) {
      all += timings.getLong(stage);
    }
    return new TimeEstimate(shape, all - denoise, denoise);
  }

  /**
   * Seconds that a plan takes at most: a step's time grows with the number of tokens at least
   * linearly and at most with its square.
   *
   * @param executors that generate at the same time
   */
  double seconds(RunPlan plan, int executors) {
    double millis = 0;
    for (Batch batch : plan.pending()) {
      double ratio = (double) batch.shape().tokens() / shape.tokens();
      double stepRatio = Math.max(ratio, ratio * ratio);
      millis +=
          batch.videos() * (onceMillis * ratio + batch.shape().steps() * stepMillis * stepRatio);
    }
    return millis / MILLIS_A_SECOND / executors;
  }
}
