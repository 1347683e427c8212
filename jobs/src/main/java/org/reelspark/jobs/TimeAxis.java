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

  private static final int INTERVALS = 5;
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

  /** Lines from top to bottom with the time below. */
  String grid(double height) {
    StringBuilder svg = new StringBuilder();
    for (int tick = 0; tick <= INTERVALS; tick++) {
      double fraction = tick / (double) INTERVALS;
      svg.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"0\" y2=\"%2$.1f\"/><text x=\"%1$.1f\" y=\"%3$.1f\" text-anchor=\"%4$s\">%5$s</text>\n",
              WIDTH * fraction,
              height,
              height + 16,
              anchor(tick),
              Durations.text(seconds() * fraction)));
    }
    return svg.toString();
  }

  private static String anchor(int tick) {
    return switch (tick) {
      case 0 -> "start";
      case INTERVALS -> "end";
      default -> "middle";
    };
  }
}
