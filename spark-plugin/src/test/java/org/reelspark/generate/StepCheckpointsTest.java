package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseState;

class StepCheckpointsTest {
  private static final int STEPS = 7;
  private static final GenerationInput INPUT =
      new GenerationInput("a red square", Map.of("steps", Integer.toString(STEPS)));
  private static final String KEY = "0123456789abcdef".repeat(4);
  private static final DenoiseState STATE =
      new DenoiseState(
          "cuda bf16 sixteen_bit",
          3,
          List.of(new float[] {1.5f, -0f, Float.MIN_VALUE}, new float[] {}, new float[] {7}),
          new AttentionStatistics(5, 4, 0.1));

  private final ToyModel toy = ToyModel.create();
  private final SharedModel model = new SharedModel(toy, new DeviceGate());
  private final List<Integer> steps = new ArrayList<>();

  @TempDir Path directory;

  private VideoStore store(int interval) {
    return VideoStore.open(new LocalOutputStore(directory), toy.description(), interval);
  }

  private GenerationResult generate(int interval, int failingStep) {
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void stepStarted(int step, int count) {
            if (step == failingStep) {
              throw new ReelsparkException(ErrorCode.OUTPUT_UNWRITABLE, "killed, on purpose");
            }
            steps.add(step);
          }
        };
    return new GenerationRunner(
            model, store(interval), GenerationSettings.DEFAULT, listener, Cancellation.NEVER)
        .generate(INPUT);
  }

  private void killAt(int step, int interval) {
    assertThatThrownBy(() -> generate(interval, step)).hasMessageContaining("killed");
    steps.clear();
  }

  private GenerationResult generate(int interval) {
    return generate(interval, -1);
  }

  private Path checkpoint(String key) {
    return directory.resolve(VideoStore.CHECKPOINT_DIRECTORY).resolve(key);
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 5", "2, 5, 4", "5, 5, 5", "6, 5, 0", "10, 5, 0", "0, 5, 0", "3, 6, 6"})
  void videoThatWasCutOffGoesOnAtItsLastCheckpoint(int interval, int killedAt, int firstStep) {
    killAt(killedAt, interval);

    GenerationResult result = generate(interval);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(steps).first().isEqualTo(firstStep);
    assertThat(steps).hasSize(STEPS - firstStep);
    assertThat(checkpoint(result.key().orElseThrow())).doesNotExist();
  }

  @Test
  void attemptInPlaceGoesOnAtTheLastCheckpoint() {
    List<String> failures = new ArrayList<>(List.of("once"));
    toy.beforeDenoise(
        () -> {
          if (!failures.isEmpty()) {
            throw new ReelsparkException(ErrorCode.OUT_OF_MEMORY, failures.remove(0));
          }
        });

    assertThat(generate(2).attempts()).isEqualTo(2);

    assertThat(steps).containsExactly(0, 1, 2, 3, 4, 5, 6, 6);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "RSK1", "no checkpoint at all, but long enough to hold a header ....."})
  void damagedCheckpointIsNotUsed(String content) throws IOException {
    killAt(5, 2);
    String key = ContentKey.of(request(), toy.description());
    assertThat(checkpoint(key)).exists();
    Files.writeString(checkpoint(key), content);

    assertThat(generate(2).status()).isEqualTo(GenerationStatus.GENERATED);

    assertThat(steps).hasSize(STEPS);
  }

  @Test
  void checkpointThatCannotBeWrittenCostsNothing() throws IOException {
    Files.writeString(directory.resolve(VideoStore.CHECKPOINT_DIRECTORY), "in the way");

    assertThat(generate(2).status()).isEqualTo(GenerationStatus.GENERATED);
  }

  private GenerationRequest request() {
    return GenerationRequest.resolve(
        INPUT.prompt(), GenerationOptions.parse(INPUT.options()), toy.description());
  }

  @Test
  void bytesHoldTheWholeState() {
    DenoiseState state =
        CheckpointFormat.decode(KEY, CheckpointFormat.encode(KEY, STATE)).orElseThrow();

    assertThat(state.arithmetic()).isEqualTo(STATE.arithmetic());
    assertThat(state.stepsDone()).isEqualTo(STATE.stepsDone());
    assertThat(state.statistics()).isEqualTo(STATE.statistics());
    assertThat(state.tensors().toArray(float[][]::new))
        .isDeepEqualTo(STATE.tensors().toArray(float[][]::new));
  }

  @Test
  void anyChangedOrMissingByteIsNoticed() {
    byte[] whole = CheckpointFormat.encode(KEY, STATE);

    for (int index = 0; index < whole.length; index++) {
      byte[] changed = whole.clone();
      changed[index] ^= 4;
      assertThat(CheckpointFormat.decode(KEY, changed)).as("byte %d changed", index).isEmpty();
      byte[] cut = Arrays.copyOf(whole, index);
      assertThat(CheckpointFormat.decode(KEY, cut)).as("cut at %d", index).isEmpty();
    }
    assertThat(CheckpointFormat.decode(KEY.replace('0', '1'), whole)).isEqualTo(Optional.empty());
  }
}
