package org.reelspark.jobs.judge;

/** Grey levels behind the object. */
public enum Background {
  /** Goes without saying in captions. */
  BLACK(0.03f),
  GRAY(0.45f);

  private static final float BETWEEN = 0.24f;

  private final float level;

  Background(float level) {
    this.level = level;
  }

  float level() {
    return level;
  }

  static Background of(float level) {
    return level > BETWEEN ? GRAY : BLACK;
  }
}
