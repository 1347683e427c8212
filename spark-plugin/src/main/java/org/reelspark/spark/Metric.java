package org.reelspark.spark;

/** What is counted, by accumulators for a query and by gauges for an executor. */
enum Metric {
  /** Videos made. */
  GENERATED("videos"),
  /** Videos that the output held already. */
  SKIPPED("skipped"),
  /** Requests without a video. */
  FAILED("failed"),
  /** Attempts after a passing failure. */
  RETRIES("retries"),
  /** Sampler steps begun. */
  STEPS("steps"),
  /** Sampler steps begun again because their video was. */
  STEPS_REPEATED("stepsRepeated"),
  /** Sampler steps that a checkpoint spared. */
  STEPS_RESUMED("stepsResumed"),
  /** Tokens x model runs of the steps taken, without those repeated and those of failed videos. */
  WORK("work"),
  /** The same for steps that nobody takes: a checkpoint spared them, or their video failed. */
  WORK_SPARED("workSpared"),
  /** The part of the work that belongs to videos that are done. */
  FINISHED_WORK("finishedWork"),
  /** The part of the spared work that belongs to videos that are done. */
  FINISHED_WORK_SPARED("finishedWorkSpared"),
  /** Runs of the model that reused most of an earlier one. */
  CACHED_RUNS("cachedRuns"),
  TOKENS("tokens"),
  WAIT_MILLIS("waitMillis"),
  TEXT_MILLIS("textMillis"),
  DENOISE_MILLIS("denoiseMillis"),
  DECODE_MILLIS("decodeMillis"),
  ENCODE_MILLIS("encodeMillis"),
  WRITE_MILLIS("writeMillis");

  private final String label;

  Metric(String label) {
    this.label = label;
  }

  /** Its name as a gauge. */
  String label() {
    return label;
  }

  String accumulatorName() {
    return "reelspark." + label;
  }
}
