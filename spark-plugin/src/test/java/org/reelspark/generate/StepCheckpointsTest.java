package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseState;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StepCheckpointsTest {
  private static final int STEPS = 7;
  private static final GenerationInput INPUT =
      new GenerationInput("a red square", Map.of("steps", Integer.toString(STEPS)));

  private final ToyModel toy = ToyModel.create();
  private final SharedModel model = new SharedModel(toy, new DeviceGate());
  private final List<Integer> steps = Collections.synchronizedList(new ArrayList<>());
  private final String key =
      ContentKey.of(
          GenerationRequest.resolve(
              INPUT.prompt(), GenerationOptions.parse(INPUT.options()), toy.description()),
          toy.description());

  @TempDir Path directory;
  private Runnable beforeOpen = () -> {};

  private GenerationResult generate(int interval, WatchedStore.Writer writer, int failingStep) {
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
    VideoStore store =
        VideoStore.open(
            new WatchedStore(new LocalOutputStore(directory), beforeOpen, writer),
            toy.description(),
            interval);
    return new GenerationRunner(
            model, store, GenerationSettings.DEFAULT, listener, Cancellation.NEVER)
        .generate(INPUT);
  }

  private GenerationResult generate(int interval, WatchedStore.Writer checkpointWriter) {
    return generate(
        interval,
        (path, write) -> {
          if (path.startsWith(VideoStore.CHECKPOINT_DIRECTORY)) {
            checkpointWriter.write(path, write);
          } else {
            write.run();
          }
        },
        -1);
  }

  private GenerationResult generate(int interval) {
    return generate(interval, (path, write) -> write.run());
  }

  private void killAt(int step, int interval) {
    assertThatThrownBy(() -> generate(interval, (path, write) -> write.run(), step))
        .hasMessageContaining("killed");
    steps.clear();
  }

  private StoredCheckpoints stored() {
    return new StoredCheckpoints(new LocalOutputStore(directory), key, 1);
  }

  /** Steps that the video's checkpoint holds; 0 without one. */
  private int stepsKept() {
    return stored().find().map(DenoiseState::stepsDone).orElse(0);
  }

  /** Files of the video's checkpoints, the one that was written last at the end. */
  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve(VideoStore.CHECKPOINT_DIRECTORY))) {
      return files.sorted().toList();
    }
  }

  private static DenoiseState state(int stepsDone) {
    return new DenoiseState(
        "toy", stepsDone, List.of(new float[] {stepsDone}), AttentionStatistics.NONE);
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 5", "2, 5, 4", "5, 5, 5", "6, 5, 0", "10, 5, 0", "0, 5, 0", "3, 6, 6"})
  void videoThatWasCutOffGoesOnAtItsLastCheckpoint(int interval, int killedAt, int firstStep) {
    killAt(killedAt, interval);

    GenerationResult result = generate(interval);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(steps).first().isEqualTo(firstStep);
    assertThat(steps).hasSize(STEPS - firstStep);
    assertThat(stepsKept()).isZero();
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
    for (Path file : files()) {
      Files.writeString(file, content);
    }

    assertThat(generate(2).status()).isEqualTo(GenerationStatus.GENERATED);

    assertThat(steps).hasSize(STEPS);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 60, 10_000})
  void checkpointBeforeADamagedOneStandsIn(long byteSize) throws IOException {
    killAt(5, 2);
    Path latest = files().get(1);
    byte[] whole = Files.readAllBytes(latest);
    Files.write(latest, Arrays.copyOf(whole, (int) Math.min(byteSize, whole.length - 1)));

    assertThat(generate(2).status()).isEqualTo(GenerationStatus.GENERATED);

    assertThat(steps).first().isEqualTo(2);
  }

  @Test
  void runThatCouldNotUseWhatItFoundFindsItsOwn() {
    try (StoredCheckpoints other = stored()) {
      other.save(() -> state(4));
      other.save(() -> state(5));
    }

    try (StoredCheckpoints anew = stored()) {
      assertThat(anew.find()).get().extracting(DenoiseState::stepsDone).isEqualTo(5);
      anew.save(() -> state(1));
    }

    assertThat(stepsKept()).isEqualTo(1);
  }

  @Test
  void checkpointThatCannotBeWrittenCostsNothing() throws IOException {
    Files.writeString(directory.resolve(VideoStore.CHECKPOINT_DIRECTORY), "in the way");

    assertThat(generate(2).status()).isEqualTo(GenerationStatus.GENERATED);
  }

  static List<Throwable> failures() {
    return List.of(
        new OutOfMemoryError("on purpose"),
        new IllegalStateException("on purpose"),
        new ReelsparkException(ErrorCode.OUTPUT_FAILED, "on purpose"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void failureToWriteACheckpointCostsNothing(Throwable failure) {
    GenerationResult result =
        generate(
            2,
            (path, write) -> {
              raise(failure);
            });

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(result.attempts()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void failureToReadACheckpointCostsNoVideo(Throwable failure) {
    killAt(5, 2);
    beforeOpen = () -> raise(failure);

    GenerationResult result = generate(2);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(result.attempts()).isEqualTo(1);
    assertThat(steps).hasSize(STEPS);
  }

  private static void raise(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }

  @Test
  void onlyWantOfMemoryMayKeepAStateFromBeingTaken() {
    Supplier<DenoiseState> noHeap =
        () -> {
          throw new OutOfMemoryError("on purpose");
        };
    Supplier<DenoiseState> noHostMemory =
        () -> {
          throw new ReelsparkException(ErrorCode.OUT_OF_MEMORY, "on purpose");
        };
    ReelsparkException lostDevice = new ReelsparkException(ErrorCode.DEVICE_FAILED, "on purpose");
    try (StoredCheckpoints checkpoints = stored()) {
      checkpoints.save(() -> state(1));
      checkpoints.save(noHeap);
      checkpoints.save(noHostMemory);
      assertThatThrownBy(
              () ->
                  checkpoints.save(
                      () -> {
                        throw lostDevice;
                      }))
          .isSameAs(lostDevice);
    }

    assertThat(stepsKept()).isEqualTo(1);
  }

  @Test
  void stepsGoOnWhileACheckpointIsWrittenButNotTheNextCheckpoint() {
    List<Integer> stepsWhenWritten = new ArrayList<>();

    GenerationResult result =
        generate(
            2,
            (path, write) -> {
              int due = 2 * (stepsWhenWritten.size() + 1);
              awaitStep(due + 1);
              write.run();
              stepsWhenWritten.add(steps.size());
            });

    assertThat(result.attempts()).isEqualTo(1);
    assertThat(stepsWhenWritten).hasSize(3);
    assertThat(stepsWhenWritten.get(0)).isBetween(3, 4);
    assertThat(stepsWhenWritten.get(1)).isBetween(5, 6);
    assertThat(stepsWhenWritten.get(2)).isEqualTo(7);
  }

  /** Of steps that come only if they do not wait for the caller. */
  private void awaitStep(int begun) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (steps.size() < begun) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("no further step than " + steps);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  @Test
  void finishedVideoWaitsForTheLastWriteAndLeavesNoCheckpoint() throws IOException {
    CountDownLatch denoised = new CountDownLatch(1);
    toy.beforeDenoise(denoised::countDown);

    GenerationResult result =
        generate(
            6,
            (path, write) -> {
              try {
                denoised.await();
                Thread.sleep(100);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              write.run();
            });

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(files()).isEmpty();
  }
}
