package org.reelspark.generate;

/** How a request ended. */
public enum GenerationStatus {
  /** The video was made now. */
  GENERATED,
  /** The output already holds the video. */
  SKIPPED,
  /** There is no video; the error says why. */
  FAILED
}
