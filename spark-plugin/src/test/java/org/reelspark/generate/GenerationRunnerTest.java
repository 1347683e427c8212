package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationSettings.ErrorPolicy;
import org.reelspark.tensor.NothingStaysAllocated;

@Timeout(60)
@ExtendWith(NothingStaysAllocated.class)
class GenerationRunnerTest {
  private static final GenerationInput INPUT = new GenerationInput("a red square", Map.of());

  private final ToyModel toy = ToyModel.create();
  private final SharedModel model = new SharedModel(toy, new DeviceGate());
  private final List<GenerationResult> finished = new ArrayList<>();
  private final AtomicInteger steps = new AtomicInteger();
  private final GenerationListener listener =
      new GenerationListener() {
        @Override
        public void stepStarted(int step, int count) {
          steps.incrementAndGet();
        }

        @Override
        public void finished(GenerationResult result) {
          finished.add(result);
        }
      };

  @TempDir Path directory;

  private GenerationRunner runner(VideoOutput output, GenerationSettings settings) {
    return new GenerationRunner(model, output, settings, listener, Cancellation.NEVER);
  }

  private GenerationRunner runner(VideoOutput output) {
    return runner(output, GenerationSettings.DEFAULT);
  }

  private VideoStore store() {
    return VideoStore.open(new LocalOutputStore(directory), toy.description(), 0);
  }

  private static GenerationSettings settings(int maxTokens, int maxAttempts, ErrorPolicy policy) {
    return new GenerationSettings(Map.of(), maxTokens, maxAttempts, policy);
  }

  private static ReelsparkException failure(ErrorCode code) {
    return new ReelsparkException(code, "on purpose");
  }

  @Test
  void makesAVideo() {
    GenerationResult result = runner(new InlineOutput()).generate(INPUT);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(result.error()).isEmpty();
    assertThat(result.attempts()).isEqualTo(1);
    assertThat(result.key()).get().asString().matches("[0-9a-f]{64}");
    FinishedVideo video = result.video().orElseThrow();
    assertThat(video.content().byteSize()).isPositive();
    assertThat(video.tokens()).isEqualTo(2 * 4 * 4);
    assertThat(video.arithmetic()).contains("toy");
    assertThat(video.sparsity()).isEqualTo(0.25);
    assertThat(steps).hasValue(3);
    assertThat(finished).containsExactly(result);
  }

  @Test
  void sameRequestGivesTheSameBytes() {
    VideoContent.Inline first = inline(runner(new InlineOutput()).generate(INPUT));
    VideoContent.Inline second = inline(runner(new InlineOutput()).generate(INPUT));

    assertThat(first.bytes()).isEqualTo(second.bytes());
  }

  private static VideoContent.Inline inline(GenerationResult result) {
    return (VideoContent.Inline) result.video().orElseThrow().content();
  }

  @Test
  void secondRunSkipsWhatIsDone() {
    GenerationResult first = runner(store()).generate(INPUT);
    GenerationResult second = runner(store()).generate(INPUT);

    assertThat(second.status()).isEqualTo(GenerationStatus.SKIPPED);
    assertThat(second.video()).isEqualTo(first.video());
    assertThat(second.attempts()).isZero();
    assertThat(toy.denoised()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "seed, x, INVALID_OPTION",
    "colour, red, INVALID_OPTION",
    "width, 33, INVALID_SIZE",
    "frames, -1, INVALID_SIZE",
    "width, 16384, TOKEN_BUDGET_EXCEEDED",
    "frames, 99997, TOKEN_BUDGET_EXCEEDED",
  })
  void rowAtFaultCarriesItsErrorAndTheOthersGoOn(String option, String value, ErrorCode code) {
    GenerationSettings settings = settings(1000, 1, ErrorPolicy.KEEP_GOING);
    GenerationInput bad = new GenerationInput("a red square", Map.of(option, value));

    GenerationRunner runner = runner(new InlineOutput(), settings);
    List<GenerationResult> results = Stream.of(INPUT, bad, INPUT).map(runner::generate).toList();

    assertThat(results)
        .extracting(GenerationResult::status)
        .containsExactly(
            GenerationStatus.GENERATED, GenerationStatus.FAILED, GenerationStatus.GENERATED);
    GenerationError error = results.get(1).error().orElseThrow();
    assertThat(error.code()).isEqualTo(code);
    assertThat(error.errorClass()).isEqualTo(ErrorClass.ROW);
    assertThat(finished).isEqualTo(results);
  }

  @Test
  void absurdSizeIsRefusedBeforeTheModelComputesWithIt() {
    GenerationInput absurd =
        new GenerationInput("p", Map.of("width", "16384", "height", "16384", "frames", "99997"));

    GenerationResult result = runner(new InlineOutput()).generate(absurd);

    assertThat(result.error().orElseThrow().code()).isEqualTo(ErrorCode.TOKEN_BUDGET_EXCEEDED);
    assertThat(result.error().orElseThrow().message())
        .contains("16384 x 16384", "spark.reelspark.generate.maxTokens");
  }

  @Test
  void latentsThatAreNotFiniteFailTheirRow() {
    toy.beforeDenoise(
        () -> {
          throw failure(ErrorCode.LATENTS_NOT_FINITE);
        });

    GenerationResult result = runner(new InlineOutput()).generate(INPUT);

    assertThat(result.error())
        .hasValue(new GenerationError(ErrorCode.LATENTS_NOT_FINITE, "on purpose"));
    assertThat(result.request()).isPresent();
    assertThat(result.attempts()).isEqualTo(1);
  }

  @Test
  void unexpectedExceptionFailsItsRowOnly() {
    toy.beforeDenoise(
        () -> {
          throw new IllegalStateException("bug");
        });

    GenerationError error = runner(new InlineOutput()).generate(INPUT).error().orElseThrow();

    assertThat(error.code()).isEqualTo(ErrorCode.INTERNAL);
    assertThat(error.message()).contains("IllegalStateException: bug");
  }

  @Test
  void passingFailureIsTriedAgain() {
    AtomicInteger calls = new AtomicInteger();
    toy.beforeDenoise(
        () -> {
          if (calls.incrementAndGet() < 3) {
            throw new OutOfMemoryError("on purpose");
          }
        });

    GenerationResult result = runner(new InlineOutput()).generate(INPUT);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(result.attempts()).isEqualTo(3);
  }

  @Test
  void passingFailureThatStaysFailsTheRow() {
    toy.beforeDenoise(
        () -> {
          throw failure(ErrorCode.OUT_OF_MEMORY);
        });

    GenerationResult result = runner(new InlineOutput()).generate(INPUT);

    assertThat(result.error().orElseThrow().code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    assertThat(result.attempts()).isEqualTo(GenerationSettings.DEFAULT_MAX_ATTEMPTS);
  }

  @Test
  void failedWriteIsTriedAgainWithoutGeneratingAgain() {
    AtomicInteger writes = new AtomicInteger();
    VideoOutput flaky =
        video -> {
          if (writes.incrementAndGet() == 1) {
            throw failure(ErrorCode.OUTPUT_FAILED);
          }
          return new InlineOutput().save(video);
        };

    GenerationResult result = runner(flaky).generate(INPUT);

    assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED);
    assertThat(result.attempts()).isEqualTo(2);
    assertThat(toy.denoised()).isEqualTo(1);
  }

  @Test
  void anotherRunnerHasTheModelWhileThisOneWrites() {
    VideoOutput slow =
        video -> {
          CompletableFuture.supplyAsync(() -> runner(new InlineOutput()).generate(INPUT))
              .orTimeout(30, TimeUnit.SECONDS)
              .join();
          return new InlineOutput().save(video);
        };

    runner(slow).generate(INPUT);

    assertThat(finished)
        .hasSize(2)
        .allSatisfy(result -> assertThat(result.status()).isEqualTo(GenerationStatus.GENERATED));
  }

  @Test
  void fullDiskIsFoundBeforeAVideoIsMade() throws IOException {
    Configuration full =
        Configuration.unix().toBuilder().setBlockSize(1024).setMaxSize(1024).build();
    try (FileSystem fileSystem = Jimfs.newFileSystem(full)) {
      Files.write(fileSystem.getPath("/filler"), new byte[1024]);
      VideoStore store =
          VideoStore.open(
              new LocalOutputStore(fileSystem.getPath("/videos")), toy.description(), 0);

      assertThatThrownBy(() -> runner(store).generate(INPUT))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_UNWRITABLE));
      assertThat(toy.denoised()).isZero();
    }
  }

  @Test
  void faultOfTheSetupIsThrown() {
    toy.beforeDenoise(
        () -> {
          throw failure(ErrorCode.OUTPUT_UNWRITABLE);
        });

    assertThatThrownBy(() -> runner(new InlineOutput()).generate(INPUT))
        .isInstanceOf(ReelsparkException.class);
  }

  @Test
  void failPolicyThrowsTheRowsError() {
    GenerationRunner strict = runner(new InlineOutput(), settings(1000, 1, ErrorPolicy.FAIL));

    assertThatThrownBy(() -> strict.generate(new GenerationInput(null, Map.of())))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining("null");
  }

  @Test
  void cancellationEndsTheRunBetweenStepsAndPassesThrough() {
    class Cancelled extends RuntimeException {
      private static final long serialVersionUID = 1L;
    }
    Cancellation afterFirstStep =
        () -> {
          if (steps.get() == 1) {
            throw new Cancelled();
          }
        };
    GenerationRunner cancelled =
        new GenerationRunner(
            model, new InlineOutput(), GenerationSettings.DEFAULT, listener, afterFirstStep);

    assertThatThrownBy(() -> cancelled.generate(INPUT)).isInstanceOf(Cancelled.class);

    assertThat(steps).hasValue(1);
    assertThat(finished).isEmpty();
    assertThat(runner(new InlineOutput()).generate(INPUT).status())
        .as("the gate is free again")
        .isEqualTo(GenerationStatus.GENERATED);
  }

  @Test
  void waitForTheModelCanBeCancelled() throws InterruptedException {
    CountDownLatch holding = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Thread holder =
        new Thread(
            () ->
                model.exclusively(
                    Cancellation.NEVER,
                    videoModel -> {
                      holding.countDown();
                      awaitUninterruptibly(release);
                      return null;
                    }));
    holder.start();
    holding.await();
    AtomicInteger checks = new AtomicInteger();
    Cancellation soon =
        () -> {
          if (checks.incrementAndGet() > 3) {
            throw failure(ErrorCode.CANCELLED);
          }
        };
    GenerationRunner waiting =
        new GenerationRunner(model, new InlineOutput(), GenerationSettings.DEFAULT, listener, soon);

    assertThatThrownBy(() -> waiting.generate(INPUT)).isInstanceOf(ReelsparkException.class);

    assertThat(toy.denoised()).isEqualTo(0);
    release.countDown();
    holder.join();
  }

  @Test
  void closedModelIsNotUsed() {
    model.close();
    model.close();

    assertThat(toy.closed()).isEqualTo(1);
    assertThatThrownBy(() -> runner(new InlineOutput()).generate(INPUT))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
