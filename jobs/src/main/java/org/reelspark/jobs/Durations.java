package org.reelspark.jobs;

import java.util.Locale;

/** Times as people read them. */
final class Durations {
  private static final int SECONDS_A_MINUTE = 60;
  private static final int SECONDS_AN_HOUR = 3600;

  private Durations() {}

  /** Such as {@code 0.4 s}, {@code 42 s}, {@code 2 min 5 s} or {@code 3 h 20 min}. */
  static String text(double seconds) {
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < SECONDS_A_MINUTE) {
      return whole + " s";
    }
    if (whole < SECONDS_AN_HOUR) {
      return String.format(
          Locale.ROOT, "%d min %d s", whole / SECONDS_A_MINUTE, whole % SECONDS_A_MINUTE);
    }
    return String.format(
        Locale.ROOT,
        "%d h %d min",
        whole / SECONDS_AN_HOUR,
        whole % SECONDS_AN_HOUR / SECONDS_A_MINUTE);
  }
}
