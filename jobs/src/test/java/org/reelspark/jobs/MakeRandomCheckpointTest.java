package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.DType;

@Timeout(300)
class MakeRandomCheckpointTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"bf16, BF16", "f16, F16", "f32, F32"})
  void writesTheCheckpointThatTheOptionsAskFor(String option, DType type) {
    Outcome outcome =
        run("--like", "sample", "--dtype", option, "--layers", "2", "--shard-bytes", "1000000");

    assertThat(outcome.exitCode).as(outcome.err).isZero();
    assertThat(outcome.out)
        .contains(
            "Random weights like sample, seed 0: ",
            " billion parameters in ",
            "transformer/diffusion_pytorch_model-00001-of-",
            "Wrote " + checkpoint());
    assertThat(Checkpoint.open(checkpoint()).config("transformer").positiveInteger("num_layers"))
        .isEqualTo(2);
    Weights weights = Weights.open(checkpoint().resolve("text_encoder"));
    assertThat(weights.names()).allSatisfy(n -> assertThat(weights.dtype(n)).isEqualTo(type));
  }

  @Test
  void refusesToWriteTwice() {
    String[] options = {"--like", "sample", "--layers", "1"};
    assertThat(run(options).exitCode).isZero();

    Outcome second = run(options);
    assertThat(second.exitCode).isEqualTo(2);
    assertThat(second.err).contains("error: OUTPUT_UNWRITABLE: ", "is not empty");
  }

  @Test
  void explainsOptionsThatItDoesNotKnow() {
    assertThat(run("--like", "wan3").err)
        .contains("wan3", "wan2.1-1.3b", "wan2.1-14b", "wan2.2-a14b", "wan2.2-5b", "sample");
    assertThat(run("--like", "sample", "--dtype", "fp8").err).contains("fp8", "bf16, f16 or f32");
    assertThat(run("--like", "sample", "--layers", "9").err)
        .contains("INVALID_OPTION", "layers of the transformer is 9; give 1 to 8");
    assertThat(checkpoint()).doesNotExist();
  }

  private record Outcome(int exitCode, String out, String err) {}

  private Path checkpoint() {
    return directory.resolve("checkpoint");
  }

  private Outcome run(String... options) {
    List<String> arguments = new ArrayList<>(Arrays.asList(options));
    arguments.addAll(List.of("--out", checkpoint().toString()));
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int exitCode =
        MakeRandomCheckpoint.run(
            printStream(output), printStream(errors), arguments.toArray(String[]::new));
    return new Outcome(
        exitCode, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream printStream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
