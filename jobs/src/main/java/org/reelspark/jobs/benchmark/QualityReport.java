package org.reelspark.jobs.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.Verdict;

/** Pass rates with dense and with sparse attention, as Markdown. */
final class QualityReport {
  private final String head;
  private final List<Row> dense = new ArrayList<>();
  private final List<Row> sparse = new ArrayList<>();
  private final List<Double> peakSignalToNoise = new ArrayList<>();

  private record Row(Clip clip, Verdict verdict, double sparsity) {}

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
        all four must be as the prompt asks. Dense and sparse clips of a prompt have the same seed.

        """
            .formatted(environment, settings);
  }

  void addDense(Clip clip, QualityMeasurement.Result result) {
    dense.add(new Row(clip, result.verdict(), result.sparsity()));
  }

  void addSparse(Clip clip, QualityMeasurement.Result result, QualityMeasurement.Result reference) {
    sparse.add(new Row(clip, result.verdict(), result.sparsity()));
    peakSignalToNoise.add(result.peakSignalToNoise(reference));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(head);
    text.append("| attention | prompts | colour | shape | direction | background | all four |")
        .append(" attention skipped |\n|---|---|---|---|---|---|---|---|\n");
    text.append(tableRow("dense", dense));
    if (!sparse.isEmpty()) {
      text.append(tableRow("sparse", sparse));
      List<Double> sorted = peakSignalToNoise.stream().sorted().toList();
      text.append(
          String.format(
              Locale.ROOT,
              "%nSparse against dense pictures: PSNR %.1f dB in the median, %.1f dB at the lowest.%n",
              sorted.get(sorted.size() / 2),
              sorted.get(0)));
    }
    text.append(failures("dense", dense)).append(failures("sparse", sparse));
    return text.toString();
  }

  private static String tableRow(String attention, List<Row> rows) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %s | %s | %s | %s | %s | %.1f%% |%n",
        attention,
        rows.size(),
        rate(rows, Verdict::colour),
        rate(rows, Verdict::outline),
        rate(rows, Verdict::direction),
        rate(rows, Verdict::background),
        rate(rows, Verdict::allCorrect),
        100 * rows.stream().mapToDouble(Row::sparsity).average().orElse(0));
  }

  private static String rate(List<Row> rows, Predicate<Verdict> passed) {
    long count = rows.stream().map(Row::verdict).filter(passed).count();
    return String.format(Locale.ROOT, "%.0f%%", 100.0 * count / rows.size());
  }

  private static String failures(String attention, List<Row> rows) {
    StringBuilder text = new StringBuilder();
    for (Row row : rows) {
      if (!row.verdict().allCorrect()) {
        text.append(
            "%n- failed, %s: %s (%s)".formatted(attention, row.clip().caption(), row.verdict()));
      }
    }
    return text.isEmpty() ? "" : text.append('\n').toString();
  }
}
