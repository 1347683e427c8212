package org.reelspark.jobs;

import static org.reelspark.jobs.HtmlTemplate.escape;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GeneratingTask;

/** The page that says how a run went: speed over time, use of executors, stages, errors. */
final class RunReport {
  private RunReport() {}

  /**
   * @param tasks that generated and have ended
   * @param layerSparsity part of each layer's self-attention that was skipped, in [0, 1]
   */
  static String html(RunSummary summary, List<GeneratingTask> tasks, List<Double> layerSparsity) {
    TimeAxis axis = TimeAxis.of(tasks);
    return HtmlTemplate.fill(
        "run-report.html",
        Map.of(
            "summary", escape(summary.line()),
            "throughput", speed(tasks, axis) + ThroughputChart.svg(tasks, axis),
            "executors", use(tasks, axis) + ExecutorChart.svg(tasks, axis),
            "layers", LayerChart.svg(layerSparsity),
            "stages", table(stageShares(tasks)),
            "errors", table(errors(summary))));
  }

  private static String speed(List<GeneratingTask> tasks, TimeAxis axis) {
    long videos = ThroughputChart.videos(tasks);
    return "<p>%s in %s of generating: %s an hour</p>\n"
        .formatted(
            Counts.text(videos, "video"),
            Durations.text(axis.seconds()),
            Counts.rate(videos * 3600 / axis.seconds()));
  }

  private static String use(List<GeneratingTask> tasks, TimeAxis axis) {
    Map<String, List<GeneratingTask>> byExecutor =
        tasks.stream().collect(Collectors.groupingBy(GeneratingTask::executor));
    double busy =
        byExecutor.values().stream()
            .mapToDouble(own -> ExecutorChart.busySeconds(own) / axis.seconds())
            .average()
            .orElse(0);
    long lost =
        tasks.stream().filter(task -> task.outcome() == GeneratingTask.Outcome.LOST).count();
    return String.format(
        Locale.ROOT,
        "<p>%s, busy %.0f%% of the time; %s, %d of them lost and made again</p>\n",
        Counts.text(byExecutor.size(), "executor"),
        100 * busy,
        Counts.text(tasks.size(), "task"),
        lost);
  }

  /** What part of the videos' time each stage took. */
  private static Map<String, String> stageShares(List<GeneratingTask> tasks) {
    Map<String, Long> millis = new LinkedHashMap<>();
    for (GeneratingTask task : tasks) {
      StageTimings timings = task.timings();
      millis.merge("text", timings.textMillis(), Long::sum);
      millis.merge("denoise", timings.denoiseMillis(), Long::sum);
      millis.merge("decode", timings.decodeMillis(), Long::sum);
      millis.merge("encode", timings.encodeMillis(), Long::sum);
      millis.merge("write", timings.writeMillis(), Long::sum);
    }
    double sum = Math.max(1, millis.values().stream().mapToLong(Long::longValue).sum());
    Map<String, String> shares = new LinkedHashMap<>();
    millis.forEach(
        (stage, time) ->
            shares.put(
                stage,
                String.format(
                    Locale.ROOT, "%s, %.0f%%", Durations.text(time / 1000.0), 100 * time / sum)));
    return shares;
  }

  private static Map<String, String> errors(RunSummary summary) {
    Map<String, String> errors = new LinkedHashMap<>();
    summary.failures().forEach((code, count) -> errors.put(code, Counts.text(count, "row")));
    if (errors.isEmpty()) {
      errors.put("none", "");
    }
    return errors;
  }

  private static String table(Map<String, String> rows) {
    StringBuilder html = new StringBuilder("<table>\n");
    rows.forEach(
        (name, value) ->
            html.append(
                "<tr><th>%s</th><td>%s</td></tr>\n".formatted(escape(name), escape(value))));
    return html.append("</table>\n").toString();
  }
}
