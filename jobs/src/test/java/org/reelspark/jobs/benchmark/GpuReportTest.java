package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.Grid;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.backend.cuda.OperationWork;
import org.reelspark.model.VideoGeometry;

class GpuReportTest {
  @Test
  void sharesTheTimeOfAStepAmongOperations() {
    GpuReport report = new GpuReport();
    VideoGeometry geometry = new VideoGeometry(32, 16, 5, 16, 2, 2, 4, new Grid(16, 16, 16));
    OperationClock.Times steps =
        new OperationClock.Times(
            Map.of(
                "linear", spent(60, 40e9, 10e9),
                "attention over 4096 keys", spent(120, 160e9, 1e9)),
            20,
            200);
    OperationClock.Times decoding =
        new OperationClock.Times(Map.of("convolve", spent(9, 1e9, 4e9)), 1, 10);
    DeviceRates rates = new DeviceRates(1e12, 1e12);

    report.environment("machine");
    report.environment("machine");
    report.rates(rates);
    report.add(
        "dense, 8-bit",
        new StepTimer.Measurement(geometry, 0.25, 0.1, 0.02, 2, steps, decoding, 0.5),
        rates,
        Precisions.EIGHT_BIT_ATTENTION);

    assertThat(report.toString())
        .containsOnlyOnce("machine")
        .contains("Measured here: 1 TFLOP/s of 16-bit matrix products, 1000 GB/s of copies.")
        .contains("32 x 16 pixels, 5 frames, 4096 tokens: dense, 8-bit")
        .contains("0.1000 s a step (median of 2, guidance on)", "50.0% of self-attention")
        .containsSubsequence(
            "| attention over 4096 keys | 60.000 | 60.0% | 20.000 |",
            "| linear | 30.000 | 30.0% | 20.000 |",
            "| idle | 10.000 | 10.0% | 0.000 |",
            "| all | 100.000 | 100.0% | 40.000 |",
            "| convolve | 9.000 | 90.0% | 4.000 |");
  }

  @Test
  void linearLayersHaveTheFloorOfWhatTheyMultiply() {
    VideoGeometry geometry = new VideoGeometry(32, 16, 5, 16, 2, 2, 4, new Grid(16, 16, 16));
    OperationClock.Times steps =
        new OperationClock.Times(
            Map.of("linear", spent(60, 40e9, 1e9), "linearAdd", spent(30, 20e9, 1e9)), 0, 90);
    OperationClock.Times decoding =
        new OperationClock.Times(Map.of("linear", spent(9, 8e9, 1e9)), 0, 9);
    GpuReport report = new GpuReport();

    report.add(
        "dense",
        new StepTimer.Measurement(geometry, 0.25, 0.1, 0.02, 1, steps, decoding, 0),
        new DeviceRates(1e12, 1e12),
        Precisions.EIGHT_BIT);

    assertThat(report.toString())
        .containsSubsequence(
            "| linear | 60.000 | 66.7% | 20.000 |",
            "| linearAdd | 30.000 | 33.3% | 10.000 |", "| linear | 9.000 | 100.0% | 8.000 |");
  }

  @Test
  void countsVideosOfAnHour() {
    GpuReport report = new GpuReport();
    VideoGeometry geometry = new VideoGeometry(32, 16, 5, 16, 2, 2, 4, new Grid(2, 1, 2));

    report.clip(geometry, 50, new ClipTimer.Clip(0.5, 20, 3, 0.5, 0));

    assertThat(report.toString())
        .contains("A whole clip of 50 steps, from prompt to MP4, took 24.00 s: text 0.500,")
        .contains("150 videos an hour and 10 tokens a second");
  }

  private static OperationClock.Spent spent(double milliseconds, double operations, double bytes) {
    return new OperationClock.Spent(milliseconds, new OperationWork(operations, bytes));
  }
}
