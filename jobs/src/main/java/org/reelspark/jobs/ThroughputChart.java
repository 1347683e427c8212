package org.reelspark.jobs;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.reelspark.spark.GeneratingTask;

/** Videos made over time, as a line that climbs at the end of each task. */
final class ThroughputChart {
  private static final double HEIGHT = 200;

  /** Points closer than this look like one. */
  private static final double LEAST_DISTANCE = 0.5;

  private ThroughputChart() {}

  static String svg(List<GeneratingTask> tasks, TimeAxis axis) {
    List<GeneratingTask> ended =
        succeeded(tasks).sorted(Comparator.comparingLong(GeneratingTask::endMillis)).toList();
    long videos = videos(tasks);
    StringBuilder points = new StringBuilder(String.format(Locale.ROOT, "0,%.1f", HEIGHT));
    long made = 0;
    double drawn = 0;
    for (GeneratingTask task : ended) {
      double x = axis.x(task.endMillis());
      if (x - drawn >= LEAST_DISTANCE) {
        points.append(String.format(Locale.ROOT, " %.1f,%.1f", x, y(made, videos)));
        drawn = x;
      }
      made += task.generated();
      points.append(String.format(Locale.ROOT, " %.1f,%.1f", drawn, y(made, videos)));
    }
    return String.format(
        Locale.ROOT,
        """
        <svg viewBox="0 -12 %.0f %.0f" role="img" aria-label="videos over time">
        %s<polyline class="made" points="%s"/>
        <text x="4" y="0">%s</text>
        </svg>
        """,
        TimeAxis.WIDTH,
        HEIGHT + 34,
        axis.grid(HEIGHT),
        points,
        Counts.text(videos, "video"));
  }

  /** Videos of tasks that were not lost. */
  static long videos(List<GeneratingTask> tasks) {
    return succeeded(tasks).mapToLong(GeneratingTask::generated).sum();
  }

  private static Stream<GeneratingTask> succeeded(List<GeneratingTask> tasks) {
    return tasks.stream().filter(task -> task.outcome() == GeneratingTask.Outcome.SUCCEEDED);
  }

  private static double y(long made, long videos) {
    return HEIGHT - HEIGHT * made / Math.max(1, videos);
  }
}
