package org.reelspark.jobs.benchmark;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.reelspark.jobs.benchmark.ClipTimer.Clip;
import org.reelspark.jobs.benchmark.Interleaved.Timing;

/** The Markdown tables of the CPU benchmark. */
final class CpuReport {
  private final StringBuilder text = new StringBuilder("# Speed on the CPU\n\n");

  CpuReport(String environment) {
    text.append(environment)
        .append(
            """

            Ratios compare runs of the same round; a round runs every row of its table in turn. They mean more than
            the rates, which move with whatever else the machine does.
            """);
  }

  /** Rates against the first row, the machine's sgemm. */
  void operations(String title, List<Timing> timings) {
    heading(title, "operation | ms | GFLOP/s | of sgemm");
    for (Timing timing : timings) {
      row(
          "%s | %.1f | %.0f | %.0f%%",
          timing.task().name(),
          timing.seconds() * 1e3,
          timing.billionsPerSecond(),
          timing.relativeRate() * 100);
    }
  }

  /** Times against the first row, a copy. */
  void tokenOperations(String title, List<Timing> timings) {
    heading(title, "operation | ms | GB/s read and written | time of a copy");
    for (Timing timing : timings) {
      row(
          "%s | %.2f | %.1f | %.1f",
          timing.task().name(),
          timing.seconds() * 1e3,
          timing.billionsPerSecond(),
          1 / timing.relativeRate());
    }
  }

  /** Speed-ups over the first row, dense attention. */
  void attention(String title, List<Timing> timings) {
    heading(title, "attention | ms | dense-equivalent GFLOP/s | speed-up");
    for (Timing timing : timings) {
      row(
          "%s | %.1f | %.0f | %.2f",
          timing.task().name(),
          timing.seconds() * 1e3,
          timing.billionsPerSecond(),
          timing.relativeRate());
    }
  }

  void clips(String title, Clip dense, Optional<Clip> sparse) {
    heading(
        title,
        "attention | text s | denoise s | decode s | encode s | total s | skipped | of dense");
    clip("dense", dense, dense);
    sparse.ifPresent(clip -> clip("the model's profile", clip, dense));
  }

  void line(String format, Object... values) {
    text.append('\n').append(format.formatted(values)).append('\n');
  }

  private void clip(String name, Clip clip, Clip dense) {
    row(
        "%s | %.2f | %.1f | %.1f | %.1f | %.1f | %.0f%% | %.2f",
        name,
        clip.text(),
        clip.denoise(),
        clip.decode(),
        clip.encode(),
        clip.total(),
        clip.sparsity() * 100,
        clip.total() / dense.total());
  }

  private void heading(String title, String columns) {
    text.append("\n## ").append(title).append("\n\n| ").append(columns).append(" |\n");
    text.append("| --- ".repeat(columns.split("\\|", -1).length)).append("|\n");
  }

  private void row(String format, Object... values) {
    text.append("| ").append(String.format(Locale.ROOT, format, values)).append(" |\n");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
