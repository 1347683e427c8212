package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
          new QualityMeasurement(model, model.geometry(128, 128, FRAMES), STEPS);
      for (String caption :
          List.of(
              "a large white triangle moves left on a gray background",
              "a large magenta square moves down slowly")) {
        for (QualityVariant variant : QualityVariant.ofAttention(model.description())) {
          Clip clip = Clip.parse(caption).orElseThrow();
          try (QualityMeasurement.Result result = measurement.measure(clip, 1, variant)) {
            assertThat(result.verdict())
                .as("%s, %s", caption, variant.name())
                .isEqualTo(new Verdict(true, true, true, true));
          }
        }
      }
    }
  }

  @Test
  void writesAReportOfTheFirstPrompts(@TempDir Path directory) throws Exception {
    assertThat(report(directory))
        .contains("`jobs/benchmark quality --prompts 1 --steps 2 --frames 5`")
        .contains("128 x 128 pixels, 5 frames, 2 steps")
        .containsPattern("\\| dense \\| 1 \\|.*\\| 4\\.0 \\|.*\\| equal \\| equal \\|")
        .contains("| sparse | 1 |");
  }

  @Test
  void measuresShortcutsAgainstAllRuns(@TempDir Path directory) throws Exception {
    assertThat(report(directory, "--guidance-intervals", "0-0.5,1-1", "--cache-thresholds", "1"))
        .contains("--frames 5 --guidance-intervals 0-0.5,1-1 --cache-thresholds 1.0`")
        .containsPattern("\\| all runs \\| 1 \\|.*\\| 4\\.0 \\|.*\\| equal \\| equal \\|")
        .containsPattern("\\| guidance 0-0\\.5 \\| 1 \\|.*\\| 3\\.0 \\|.* dB \\|")
        .containsPattern("\\| guidance 1-1 \\| 1 \\|.*\\| 2\\.0 \\|")
        .containsPattern("\\| cache 1\\.0 \\| 1 \\|.*\\| 2\\.0 \\|");
  }

  @Test
  void saysInOneLineThatThereIsNoSuchGpu() {
    StringWriter errors = new StringWriter();

    int exitCode =
        Benchmark.commandLine()
            .setErr(new PrintWriter(errors))
            .execute("quality", "--model", SAMPLE_MODEL.toString(), "--device", "4095");

    assertThat(exitCode).isEqualTo(2);
    assertThat(errors.toString().lines()).singleElement().asString().startsWith("error: ");
  }

  private static String report(Path directory, String... arguments) throws IOException {
    Path out = directory.resolve("quality.md");
    List<String> all =
        new ArrayList<>(
            List.of("quality", "--model", SAMPLE_MODEL.toString(), "--out", out.toString()));
    all.addAll(List.of("--prompts", "1", "--steps", "2", "--frames", "5"));
    all.addAll(List.of(arguments));

    assertThat(Benchmark.commandLine().execute(all.toArray(String[]::new))).isZero();
    return Files.readString(out);
  }

  @Test
  void reportsRatesDifferencesAndFailures() {
    QualityReport report = new QualityReport("environment", "settings");
    Verdict right = new Verdict(true, true, true, true);
    Verdict wrongShape = new Verdict(true, false, true, true);
    try (QualityMeasurement.Result dense = result(right, 100, 0);
        QualityMeasurement.Result close = result(right, 101, 0.5);
        QualityMeasurement.Result far = result(wrongShape, 110, 0.6)) {
      report.add("dense", RED_SQUARE, dense, dense);
      report.add("dense", RED_SQUARE, dense, dense);
      report.add("sparse", RED_SQUARE, close, dense);
      report.add("sparse", RED_SQUARE, far, dense);
    }

    assertThat(report.toString())
        .contains(
            "| dense | 2 | 100% | 100% | 100% | 100% | 100% | 0.0% | 32.0 | 1.5 s | equal | equal |")
        // 20 log10(255 / difference)
        .contains(
            "| sparse | 2 | 100% | 50% | 100% | 100% | 50% | 55.0% | 32.0 | 1.5 s | 48.1 dB | 28.1 dB |")
        .contains("failed, sparse: a red square moves up")
        .doesNotContain("failed, dense");
  }

  private static QualityMeasurement.Result result(Verdict verdict, int level, double sparsity) {
    Tensor pictures = Tensor.allocateHost(DType.U8, Shape.of(1, 2, 2, 3));
    for (int i = 0; i < pictures.elementCount(); i++) {
      pictures.buffer().put(i, (byte) level);
    }
    return new QualityMeasurement.Result(verdict, pictures, sparsity, 32, 1.5);
  }
}
