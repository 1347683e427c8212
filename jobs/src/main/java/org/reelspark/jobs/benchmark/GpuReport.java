package org.reelspark.jobs.benchmark;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.backend.cuda.OperationWork;
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

  void rates(DeviceRates rates) {
    line(
        "Measured here: %.0f TFLOP/s of 16-bit matrix products, %.0f GB/s of copies. A floor is the time of the operation's work at these rates, and at twice the first where 8-bit numbers are multiplied.",
        rates.operations() / 1e12, rates.bytes() / 1e9);
  }

  void add(
      String attention, StepTimer.Measurement measured, DeviceRates rates, Precisions precisions) {
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
    long tokens = geometry.grid().tokens();
    Multiplied inSteps =
        new Multiplied(
            "attention over %d keys".formatted(tokens),
            precisions.attentionOperands(tokens),
            precisions.linearOperands(),
            1 - measured.sparsity());
    Multiplied inDecoding =
        new Multiplied("", DeviceRates.Operands.SIXTEEN_BIT, DeviceRates.Operands.SIXTEEN_BIT, 1);
    table("a step", measured.operations(), measured.steps(), rates, inSteps);
    table("decoding", measured.decoding(), 1, rates, inDecoding);
  }

  /** A clip of so many steps. */
  void clip(VideoGeometry geometry, int steps, ClipTimer.Clip clip) {
    line(
        "A whole clip of %d steps, from prompt to MP4, took %.2f s: text %.3f, denoising %.2f, decoding %.2f, encoding %.2f. That is %.0f videos an hour and %.0f tokens a second in each step.",
        steps,
        clip.total(),
        clip.text(),
        clip.denoise(),
        clip.decode(),
        clip.encode(),
        3600 / clip.total(),
        geometry.grid().tokens() * (double) steps / clip.denoise());
  }

  /**
   * What is multiplied, and in what.
   *
   * @param selfAttention the name of that operation
   * @param done the part of its products that is not skipped
   */
  private record Multiplied(
      String selfAttention,
      DeviceRates.Operands inAttention,
      DeviceRates.Operands inLinear,
      double done) {
    double floor(String name, OperationWork work, DeviceRates rates) {
      if (name.equals(selfAttention)) {
        OperationWork needed = new OperationWork(work.operations() * done, work.bytes());
        return rates.floor(needed, inAttention);
      }
      boolean linear = name.equals("linear") || name.equals("linearAdd");
      return rates.floor(work, linear ? inLinear : DeviceRates.Operands.SIXTEEN_BIT);
    }
  }

  private void table(
      String what,
      OperationClock.Times times,
      int parts,
      DeviceRates rates,
      Multiplied multiplied) {
    text.append("\n| ")
        .append(what)
        .append(" | ms | share | floor, ms |\n| --- | --- | --- | --- |\n");
    double floors = 0;
    List<Map.Entry<String, OperationClock.Spent>> slowestFirst =
        times.byOperation().entrySet().stream()
            .sorted(Comparator.comparingDouble(entry -> -entry.getValue().milliseconds()))
            .toList();
    for (Map.Entry<String, OperationClock.Spent> entry : slowestFirst) {
      double floor = multiplied.floor(entry.getKey(), entry.getValue().work(), rates);
      floors += floor;
      row(entry.getKey(), entry.getValue().milliseconds(), floor, times, parts);
    }
    row("idle", times.idle(), 0, times, parts);
    row("all", times.total(), floors, times, parts);
  }

  private void row(
      String name, double milliseconds, double floor, OperationClock.Times times, int parts) {
    text.append(
        String.format(
            Locale.ROOT,
            "| %s | %.3f | %.1f%% | %.3f |%n",
            name,
            milliseconds / parts,
            milliseconds / times.total() * 100,
            floor / parts));
  }

  void line(String format, Object... values) {
    text.append('\n').append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
