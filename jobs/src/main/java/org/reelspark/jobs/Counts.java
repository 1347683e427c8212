package org.reelspark.jobs;

import java.util.Locale;

/** Numbers of things as people read them. */
final class Counts {
  private Counts() {}

  /** Such as {@code 1 video} or {@code 2 videos}. */
  static String text(long count, String thing) {
    return String.format(Locale.ROOT, count == 1 ? "%d %s" : "%d %ss", count, thing);
  }

  /** Such as {@code 2.5} or {@code 976}. */
  static String rate(double rate) {
    return String.format(Locale.ROOT, rate < 10 ? "%.1f" : "%.0f", rate);
  }
}
