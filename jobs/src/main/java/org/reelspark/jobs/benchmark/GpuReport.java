package org.reelspark.jobs.benchmark;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.model.VideoGeometry;

/** The Markdown tables of the GPU benchmark. */
final class GpuReport {
  private final StringBuilder text = new StringBuilder("# Speed on a GPU\n");
  private String environment = "";

  /** Lines on the machine; said once, and again when they change. */
  void environment(String described) {
    if (!described.equals(environment)) {
      text.append('\n').append(described);
      environment = described;
    }
  }

  void add(String attention, StepTimer.Measurement measured) {
    VideoGeometry geometry = measured.geometry();
    line(
        "## %d x %d pixels, %d frames, %d tokens: %s",
        geometry.width(),
        geometry.height(),
        geometry.frames(),
        geometry.grid().tokens(),
        attention);
    line(
        "%.4f s a step (median of %d, guidance on), text %.3f s for both prompts, decoding %.3f s; %.1f%% of self-attention's products skipped.",
        measured.step(),
        measured.steps(),
        measured.text(),
        measured.decode(),
        measured.sparsity() * 100);
    table("a step", measured.operations(), measured.steps());
    table("decoding", measured.decoding(), 1);
  }

  private void table(String what, OperationClock.Times times, int parts) {
    text.append("\n| ").append(what).append(" | ms | share |\n| --- | --- | --- |\n");
    times.byOperation().entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(entry -> row(entry.getKey(), entry.getValue(), times, parts));
    row("idle", times.idle(), times, parts);
    row("all", times.total(), times, parts);
  }

  private void row(String name, double milliseconds, OperationClock.Times times, int parts) {
    text.append(
        String.format(
            Locale.ROOT,
            "| %s | %.3f | %.1f%% |%n",
            name,
            milliseconds / parts,
            milliseconds / times.total() * 100));
  }

  void line(String format, Object... values) {
    text.append('\n').append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
