package org.reelspark.jobs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.reelspark.spark.GeneratingTask;
import org.reelspark.spark.GeneratingTask.Outcome;

/** A row for each executor: when it had a task, and how that ended. */
final class ExecutorChart {
  private static final int MOST_EXECUTORS = 64;
  private static final double ROW_HEIGHT = 26;
  private static final double BAR_HEIGHT = 16;

  /** Bars of one kind that are closer than this are drawn as one. */
  private static final double LEAST_GAP = 0.5;

  private ExecutorChart() {}

  /** Time on end with tasks of one kind. */
  private record Bar(long startMillis, long endMillis, Kind kind, long tasks) {}

  private enum Kind {
    MADE("good", "videos"),
    WITH_ERRORS("warn", "rows with errors"),
    LOST("bad", "lost");

    private final String style;
    private final String label;

    Kind(String style, String label) {
      this.style = style;
      this.label = label;
    }

    static Kind of(GeneratingTask task) {
      if (task.outcome() == Outcome.LOST) {
        return LOST;
      }
      return task.failed() > 0 ? WITH_ERRORS : MADE;
    }
  }

  static String svg(List<GeneratingTask> tasks, TimeAxis axis) {
    Map<String, List<GeneratingTask>> byExecutor =
        tasks.stream()
            .collect(
                Collectors.groupingBy(
                    GeneratingTask::executor, () -> new TreeMap<>(ORDER), Collectors.toList()));
    StringBuilder rows = new StringBuilder();
    double top = 0;
    for (Map.Entry<String, List<GeneratingTask>> executor :
        byExecutor.entrySet().stream().limit(MOST_EXECUTORS).toList()) {
      rows.append(row(executor.getKey(), executor.getValue(), axis, top));
      top += 2 * ROW_HEIGHT;
    }
    String more =
        byExecutor.size() > MOST_EXECUTORS
            ? String.format(
                Locale.ROOT,
                "<p>The first %d of %d executors.</p>",
                MOST_EXECUTORS,
                byExecutor.size())
            : "";
    return String.format(
        Locale.ROOT,
        """
        <svg viewBox="0 -4 %.0f %.0f" role="img" aria-label="tasks of executors over time">
        %s%s</svg>
        <p class="legend"><i class="good"></i>videos <i class="warn"></i>rows with errors <i class="bad"></i>lost, made again elsewhere</p>%s
        """,
        TimeAxis.WIDTH,
        top + 26,
        axis.grid(top),
        rows,
        more);
  }

  /** Ids are numbers, but for the driver's in local mode. */
  private static final Comparator<String> ORDER =
      Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder());

  private static String row(
      String executor, List<GeneratingTask> tasks, TimeAxis axis, double top) {
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"4\" y=\"%.1f\">executor %s on %s: %.0f%% busy, %s</text>\n",
            top + BAR_HEIGHT,
            HtmlTemplate.escape(executor),
            HtmlTemplate.escape(tasks.get(0).host()),
            100 * busySeconds(tasks) / axis.seconds(),
            Counts.text(tasks.stream().mapToLong(GeneratingTask::generated).sum(), "video")));
    for (Bar bar : bars(tasks, axis)) {
      double x = axis.x(bar.startMillis());
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\"><title>%s: %s, %s</title></rect>\n",
              bar.kind().style,
              x,
              top + ROW_HEIGHT - 4,
              Math.max(LEAST_GAP, axis.x(bar.endMillis()) - x),
              BAR_HEIGHT,
              Counts.text(bar.tasks(), "task"),
              bar.kind().label,
              Durations.text((bar.endMillis() - bar.startMillis()) / 1000.0)));
    }
    return svg.toString();
  }

  private static List<Bar> bars(List<GeneratingTask> tasks, TimeAxis axis) {
    List<Bar> bars = new ArrayList<>();
    for (GeneratingTask task : byStart(tasks)) {
      Bar bar = new Bar(task.startMillis(), task.endMillis(), Kind.of(task), 1);
      Bar last = bars.isEmpty() ? null : bars.get(bars.size() - 1);
      if (last != null
          && last.kind() == bar.kind()
          && axis.x(bar.startMillis()) - axis.x(last.endMillis()) < LEAST_GAP
          && axis.x(last.endMillis()) - axis.x(last.startMillis()) < 4 * LEAST_GAP) {
        bars.set(
            bars.size() - 1,
            new Bar(
                last.startMillis(),
                Math.max(last.endMillis(), bar.endMillis()),
                bar.kind(),
                last.tasks() + 1));
      } else {
        bars.add(bar);
      }
    }
    return bars;
  }

  /** Time with at least one task. */
  static double busySeconds(List<GeneratingTask> tasks) {
    long busy = 0;
    long until = Long.MIN_VALUE;
    for (GeneratingTask task : byStart(tasks)) {
      busy += Math.max(0, task.endMillis() - Math.max(until, task.startMillis()));
      until = Math.max(until, task.endMillis());
    }
    return busy / 1000.0;
  }

  private static List<GeneratingTask> byStart(List<GeneratingTask> tasks) {
    return tasks.stream().sorted(Comparator.comparingLong(GeneratingTask::startMillis)).toList();
  }
}
