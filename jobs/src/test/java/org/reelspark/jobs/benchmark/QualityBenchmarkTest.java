package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.jobs.judge.Clip;
import org.reelspark.jobs.judge.Verdict;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import picocli.CommandLine;

class QualityBenchmarkTest {
  private static final Path SAMPLE_MODEL = Path.of("sample-model");
  private static final Clip RED_SQUARE = Clip.parse("a red square moves up").orElseThrow();

  /** A quarter of the usual clip, because it is enough to see what the sample model has learnt. */
  private static final int FRAMES = 17;

  private static final int STEPS = 8;

  @Test
  void sampleModelDrawsWhatPromptsAskFor() {
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.load(SAMPLE_MODEL, backend)) {
      QualityMeasurement measurement =
          new QualityMeasurement(model, model.geometry(128, 128, FRAMES), STEPS, 3);
      List<AttentionProfile> profiles =
          model
              .description()
              .profile()
              .map(sparse -> List.of(AttentionProfile.DENSE, sparse))
              .orElse(List.of(AttentionProfile.DENSE));
      for (String caption :
          List.of(
              "a large white triangle moves left on a gray background",
              "a large magenta square moves down slowly")) {
        for (AttentionProfile profile : profiles) {
          Clip clip = Clip.parse(caption).orElseThrow();
          try (QualityMeasurement.Result result = measurement.measure(clip, 1, profile)) {
            assertThat(result.verdict())
                .as("%s, %s", caption, profile.order())
                .isEqualTo(new Verdict(true, true, true, true));
          }
        }
      }
    }
  }

  @Test
  void writesAReportOfTheFirstPrompts(@TempDir Path directory) throws Exception {
    Path out = directory.resolve("quality.md");

    int exitCode =
        new CommandLine(new Benchmark())
            .execute(
                "quality",
                "--model",
                SAMPLE_MODEL.toString(),
                "--out",
                out.toString(),
                "--prompts",
                "1",
                "--steps",
                "1",
                "--frames",
                "5");

    assertThat(exitCode).isZero();
    assertThat(Files.readString(out))
        .contains("`jobs/benchmark quality --prompts 1 --steps 1 --frames 5`")
        .contains("128 x 128 pixels, 5 frames, 1 steps")
        .contains("| dense | 1 |");
  }

  @Test
  void reportsRatesDifferencesAndFailures() {
    QualityReport report = new QualityReport("environment", "settings");
    Verdict right = new Verdict(true, true, true, true);
    Verdict wrongShape = new Verdict(true, false, true, true);
    try (QualityMeasurement.Result dense = result(right, 100, 0);
        QualityMeasurement.Result close = result(right, 101, 0.5);
        QualityMeasurement.Result far = result(wrongShape, 110, 0.6)) {
      report.addDense(RED_SQUARE, dense);
      report.addDense(RED_SQUARE, dense);
      report.addSparse(RED_SQUARE, close, dense);
      report.addSparse(RED_SQUARE, far, dense);
    }

    assertThat(report.toString())
        .contains("| dense | 2 | 100% | 100% | 100% | 100% | 100% | 0.0% |")
        .contains("| sparse | 2 | 100% | 50% | 100% | 100% | 50% | 55.0% |")
        // 20 log10(255 / difference)
        .contains("48.1 dB in the median, 28.1 dB at the lowest")
        .contains("failed, sparse: a red square moves up")
        .doesNotContain("failed, dense");
  }

  private static QualityMeasurement.Result result(Verdict verdict, int level, double sparsity) {
    Tensor pictures = Tensor.allocateHost(DType.U8, Shape.of(1, 2, 2, 3));
    for (int i = 0; i < pictures.elementCount(); i++) {
      pictures.buffer().put(i, (byte) level);
    }
    return new QualityMeasurement.Result(verdict, pictures, sparsity);
  }
}
