package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.attention.ProfileFile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.attention.TunedProfile;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.Guidance;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoModel;
import org.reelspark.model.registry.VideoModels;

/** Tunes the sample model in short runs. */
@Timeout(300)
class TuneAttentionTest {
  private static final Path MODEL = Path.of("sample-model");

  @TempDir private Path directory;

  @Test
  void writesAProfileThatTheModelRunsWith() throws IOException {
    Path prompts = write("a red circle moves right\n\na blue square moves up\n");
    Path out = directory.resolve("profile.json");
    Outcome outcome =
        run(prompts, out, "--orders", "row_major,bricks", "--bound", "0.2", "--ranges", "2");

    assertThat(outcome.exitCode).as(outcome.err).isZero();
    assertThat(outcome.out)
        .contains(
            "Block selection: prompt 2 of 2, step 3 of 4\n",
            "ROW_MAJOR: ",
            "BRICKS: ",
            "Best token order: ",
            "Wrote " + out);
    TunedProfile tuned = ProfileFile.read(out);
    assertThat(tuned.profile().order()).isIn(TokenOrder.ROW_MAJOR, TokenOrder.BRICKS);
    assertThat(tuned.profile().layers()).hasSize(8);
    assertThat(tuned.profile().layers().get(0).ranges()).hasSize(2);
    assertThat(tuned.tuning().prompts())
        .containsExactly("a red circle moves right", "a blue square moves up");
    assertThat(tuned.tuning().sparsity()).isGreaterThan(0.1);
    assertRuns(tuned);
  }

  private static void assertRuns(TunedProfile tuned) {
    try (Backend backend = CpuBackend.create(CpuOptions.allProcessors());
        VideoModel model = VideoModels.loadWithoutProfile(MODEL, backend);
        TextEmbedding prompt = model.encodeText("a red circle moves right");
        DenoiseResult result =
            model.denoise(
                new DenoiseRequest(
                    model.geometry(64, 64, 33), 2, Guidance.throughout(1), 7, tuned.profile()),
                prompt,
                null,
                DenoiseObserver.NONE)) {
      tuned.checkModel(model.description().digest());
      assertThat(result.statistics().sparsity()).isGreaterThan(0.1);
    }
  }

  @Test
  void reportsPromptsThatCannotBeRead() throws IOException {
    Path none = directory.resolve("none.txt");
    assertThat(run(none, directory.resolve("p.json")).err)
        .contains("INVALID_INPUT", none + " does not exist");
    Path empty = write("\n \n");
    Outcome outcome = run(empty, directory.resolve("p.json"));
    assertThat(outcome.exitCode).isEqualTo(2);
    assertThat(outcome.err).contains("there must be a calibration prompt");
  }

  @Test
  void reportsOptionsThatCannotWork() throws IOException {
    Path prompts = write("a red circle moves right\n");
    assertThat(run(prompts, directory.resolve("p.json"), "--bound", "7").err)
        .contains("INVALID_OPTION", "found 7.0");
    assertThat(run(prompts, directory.resolve("p.json"), "--orders", "spiral").err)
        .contains("spiral", "HILBERT");
  }

  record Outcome(int exitCode, String out, String err) {}

  private Path write(String prompts) throws IOException {
    return Files.writeString(directory.resolve("prompts.txt"), prompts);
  }

  /** In 64 x 64 pixels, 33 frames and 4 steps. */
  static Outcome run(Path prompts, Path out, String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--model", MODEL.toString(), "--prompts", prompts.toString()));
    arguments.addAll(List.of("--out", out.toString(), "--steps", "4"));
    arguments.addAll(List.of("--width", "64", "--height", "64", "--frames", "33"));
    arguments.addAll(Arrays.asList(more));
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int exitCode =
        TuneAttention.run(
            printStream(output), printStream(errors), arguments.toArray(String[]::new));
    return new Outcome(
        exitCode, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream printStream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
