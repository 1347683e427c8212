package org.reelspark.jobs;

import java.util.List;
import java.util.Locale;
import org.reelspark.spark.GeneratingTask;

/**
 * From the start of a run's first task to the end of its last, left to right over a chart.
 *
 * @param startMillis since the epoch
 * @param endMillis since the epoch
 */
record TimeAxis(long startMillis, long endMillis) {
  /** Width of the drawing, in units of SVG. */
  static final double WIDTH = 900;

  private static final int MOST_TICKS = 6;

  /** Seconds between two ticks. */
  private static final List<Double> INTERVALS =
      List.of(
          0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0,
          3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0);

  /** Half of a label, so that those at the ends stay inside. */
  private static final double LABEL_MARGIN = 30;

  private static final int MILLIS_A_SECOND = 1000;

  static TimeAxis of(List<GeneratingTask> tasks) {
    long start = tasks.stream().mapToLong(GeneratingTask::startMillis).min().orElse(0);
    long end = tasks.stream().mapToLong(GeneratingTask::endMillis).max().orElse(start);
    return new TimeAxis(start, Math.max(end, start + 1));
  }

  double seconds() {
    return (endMillis - startMillis) / (double) MILLIS_A_SECOND;
  }

  double x(long millis) {
    return WIDTH * (millis - startMillis) / (endMillis - startMillis);
  }

  /** Lines from top to bottom with the time below, at round times. */
  String grid(double height) {
    StringBuilder svg = new StringBuilder();
    double interval = interval();
    for (int tick = 0; tick * interval <= seconds(); tick++) {
      double x = WIDTH * tick * interval / seconds();
      svg.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"0\" y2=\"%2$.1f\"/><text x=\"%1$.1f\" y=\"%3$.1f\" text-anchor=\"%4$s\">%5$s</text>\n",
              x,
              height,
              height + 16,
              anchor(x),
              Durations.text(tick * interval)));
    }
    return svg.toString();
  }

  private double interval() {
    for (double interval : INTERVALS) {
      if (seconds() <= MOST_TICKS * interval) {
        return interval;
      }
    }
    return Math.ceil(seconds() / MOST_TICKS);
  }

  private static String anchor(double x) {
    if (x < LABEL_MARGIN) {
      return "start";
    }
    return x > WIDTH - LABEL_MARGIN ? "end" : "middle";
  }
}
