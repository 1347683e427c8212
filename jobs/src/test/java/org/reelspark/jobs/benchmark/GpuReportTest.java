package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.Grid;
import org.reelspark.backend.cuda.OperationClock;
import org.reelspark.model.VideoGeometry;

class GpuReportTest {
  @Test
  void sharesTheTimeOfAStepAmongOperations() {
    GpuReport report = new GpuReport();
    VideoGeometry geometry = new VideoGeometry(32, 16, 5, 16, 2, 2, 4, new Grid(2, 1, 2));
    OperationClock.Times steps =
        new OperationClock.Times(Map.of("linear", 60.0, "attention over 4 keys", 120.0), 20, 200);
    OperationClock.Times decoding = new OperationClock.Times(Map.of("convolve", 9.0), 1, 10);

    report.environment("machine");
    report.environment("machine");
    report.add(
        "dense, 16-bit",
        new StepTimer.Measurement(geometry, 0.25, 0.1, 0.02, 2, steps, decoding, 0.5));

    assertThat(report.toString())
        .containsOnlyOnce("machine")
        .contains("32 x 16 pixels, 5 frames, 4 tokens: dense, 16-bit")
        .contains("0.1000 s a step (median of 2, guidance on)", "50.0% of self-attention")
        .containsSubsequence(
            "| attention over 4 keys | 60.000 | 60.0% |",
            "| linear | 30.000 | 30.0% |",
            "| idle | 10.000 | 10.0% |",
            "| all | 100.000 | 100.0% |",
            "| convolve | 9.000 | 90.0% |");
  }
}
