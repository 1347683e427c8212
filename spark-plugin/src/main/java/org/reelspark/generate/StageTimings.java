package org.reelspark.generate;

/** Wall time of each stage in milliseconds, without waiting for the model. */
public record StageTimings(
    long textMillis, long denoiseMillis, long decodeMillis, long encodeMillis, long writeMillis) {
  StageTimings withWriteMillis(long millis) {
    return new StageTimings(textMillis, denoiseMillis, decodeMillis, encodeMillis, millis);
  }
}
