package org.reelspark.jobs.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.Verdict;

/** Pass rates and costs of several ways to make the same clips, as Markdown. */
final class QualityReport {
  private final String head;
  private final Map<String, List<Row>> variants = new LinkedHashMap<>();

  private record Row(
      Clip clip,
      Verdict verdict,
      double sparsity,
      double modelRuns,
      double seconds,
      double peakSignalToNoise) {}

  /**
   * @param environment when and on what the numbers were made
   * @param settings of the clips
   */
  QualityReport(String environment, String settings) {
    this.head =
        """
        # Quality of generated clips

        %s
        %s An automatic judge reads colour, shape, direction and background from the pictures; \
        all four must be as the prompt asks. Clips of a prompt have the same seed. Model runs and \
        processor time of the sampler are means of a clip; PSNR is that of the pictures against \
        those of the first line.

        """
            .formatted(environment, settings);
  }

  /**
   * @param reference the same clip of the first variant
   */
  void add(
      String variant,
      Clip clip,
      QualityMeasurement.Result result,
      QualityMeasurement.Result reference) {
    variants
        .computeIfAbsent(variant, name -> new ArrayList<>())
        .add(
            new Row(
                clip,
                result.verdict(),
                result.sparsity(),
                result.modelRuns(),
                result.seconds(),
                result.peakSignalToNoise(reference)));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(head);
    text.append("| | prompts | colour | shape | direction | background | all four |")
        .append(" attention skipped | model runs | processor time | PSNR median | PSNR lowest |\n")
        .append("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    variants.forEach((variant, rows) -> text.append(tableRow(variant, rows)));
    variants.forEach((variant, rows) -> text.append(failures(variant, rows)));
    return text.toString();
  }

  private static String tableRow(String variant, List<Row> rows) {
    List<Double> peakSignalToNoise = rows.stream().map(Row::peakSignalToNoise).sorted().toList();
    return String.format(
        Locale.ROOT,
        "| %s | %d | %s | %s | %s | %s | %s | %.1f%% | %.1f | %.1f s | %s | %s |%n",
        variant,
        rows.size(),
        rate(rows, Verdict::colour),
        rate(rows, Verdict::outline),
        rate(rows, Verdict::direction),
        rate(rows, Verdict::background),
        rate(rows, Verdict::allCorrect),
        100 * mean(rows, Row::sparsity),
        mean(rows, Row::modelRuns),
        mean(rows, Row::seconds),
        decibels(peakSignalToNoise.get(peakSignalToNoise.size() / 2)),
        decibels(peakSignalToNoise.get(0)));
  }

  private static double mean(List<Row> rows, ToDoubleFunction<Row> figure) {
    return rows.stream().mapToDouble(figure).average().orElse(0);
  }

  private static String rate(List<Row> rows, Predicate<Verdict> passed) {
    long count = rows.stream().map(Row::verdict).filter(passed).count();
    return String.format(Locale.ROOT, "%.0f%%", 100.0 * count / rows.size());
  }

  private static String decibels(double value) {
    return Double.isInfinite(value) ? "equal" : String.format(Locale.ROOT, "%.1f dB", value);
  }

  private static String failures(String variant, List<Row> rows) {
    StringBuilder text = new StringBuilder();
    for (Row row : rows) {
      if (!row.verdict().allCorrect()) {
        text.append(
            "%n- failed, %s: %s (%s)".formatted(variant, row.clip().caption(), row.verdict()));
      }
    }
    return text.isEmpty() ? "" : text.append('\n').toString();
  }
}
