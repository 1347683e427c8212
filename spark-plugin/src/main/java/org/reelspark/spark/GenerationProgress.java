package org.reelspark.spark;

/**
 * How far a generator has come, as of the executors' last heartbeats.
 *
 * @param generated videos made
 * @param skipped videos that the output already held
 * @param failed requests without a video
 * @param retries attempts after a passing failure
 * @param steps sampler steps started, without those that were lost and started again, with those
 *     that a checkpoint spared
 */
public record GenerationProgress(
    long generated, long skipped, long failed, long retries, long steps) {
  /** Requests that are done, one way or another. */
  public long finished() {
    return generated + skipped + failed;
  }
}
