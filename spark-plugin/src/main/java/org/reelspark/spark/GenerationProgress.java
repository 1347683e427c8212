package org.reelspark.spark;

import org.reelspark.generate.StageTimings;

/**
 * How far a generator has come, as of the executors' last heartbeats.
 *
 * @param generated videos made
 * @param skipped videos that the output already held
 * @param failed requests without a video
 * @param retries attempts after a passing failure
 * @param steps sampler steps started, without those that were lost and started again, with those
 *     that a checkpoint spared
 * @param timings sums over the videos made
 */
public record GenerationProgress(
    long generated,
    long skipped,
    long failed,
    long retries,
    long steps,
    Work work,
    StageTimings timings) {
  /**
   * Tokens x model runs of sampler steps.
   *
   * @param taken of the steps started, without those that were lost and those of failed videos
   * @param spared of steps that nobody takes: a checkpoint spared them, or their video failed
   * @param finishedTaken the part of {@code taken} in videos that are done
   * @param finishedSpared the part of {@code spared} in videos that are done or failed
   */
  public record Work(long taken, long spared, long finishedTaken, long finishedSpared) {}

  /** Requests that are done, one way or another. */
  public long finished() {
    return generated + skipped + failed;
  }
}
