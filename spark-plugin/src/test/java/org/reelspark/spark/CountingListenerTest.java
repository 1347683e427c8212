package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.Grid;
import org.reelspark.error.ErrorCode;
import org.reelspark.generate.AttentionMode;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationRequest;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.GenerationStatus;
import org.reelspark.generate.PlannedGeneration;
import org.reelspark.model.Guidance;
import org.reelspark.model.VideoGeometry;
import org.reelspark.video.VideoFormat;

class CountingListenerTest {
  private static final int TOKENS = 32;
  private static final int STEPS = 5;

  private final Map<Metric, Long> sums = new EnumMap<>(Metric.class);
  private final CountingListener listener =
      new CountingListener((metric, amount) -> sums.merge(metric, amount, Long::sum));

  @Test
  void countsTokensOfEachRunOfTheModel() {
    listener.started(plan(3));
    steps(2);

    assertThat(sums).containsEntry(Metric.WORK, 2L * 2 * TOKENS).doesNotContainKey(Metric.FAILED);
  }

  @Test
  void stepsOutsideOfGuidanceRunTheModelOnce() {
    listener.started(plan(new Guidance(3, 0.2f, 0.6f)));
    steps(2);
    assertThat(sums).containsEntry(Metric.WORK, 3L * TOKENS);
    listener.stepStarted(4, STEPS);

    assertThat(sums)
        .containsEntry(Metric.WORK, 4L * TOKENS)
        .containsEntry(Metric.WORK_SPARED, 3L * TOKENS);
  }

  @Test
  void videoThatIsBegunAgainCountsOnce() {
    listener.started(plan(1));
    steps(3);
    listener.retrying(error(), 2);
    steps(STEPS);

    assertThat(sums)
        .containsEntry(Metric.STEPS, 3L + STEPS)
        .containsEntry(Metric.STEPS_REPEATED, 3L)
        .containsEntry(Metric.RETRIES, 1L)
        .containsEntry(Metric.WORK, (long) STEPS * TOKENS);
  }

  @Test
  void stepsOfACheckpointAreSpared() {
    listener.started(plan(1));
    listener.stepStarted(3, STEPS);
    listener.stepStarted(4, STEPS);

    assertThat(sums)
        .containsEntry(Metric.STEPS, 2L)
        .containsEntry(Metric.STEPS_RESUMED, 3L)
        .containsEntry(Metric.WORK, 2L * TOKENS)
        .containsEntry(Metric.WORK_SPARED, 3L * TOKENS)
        .doesNotContainKeys(Metric.STEPS_REPEATED, Metric.FINISHED_WORK);

    listener.finished(result(GenerationStatus.GENERATED));

    assertThat(sums)
        .containsEntry(Metric.FINISHED_WORK, 2L * TOKENS)
        .containsEntry(Metric.FINISHED_WORK_SPARED, 3L * TOKENS);
  }

  @Test
  void videoThatFailsSparesItsWork() {
    listener.started(plan(1));
    listener.stepStarted(1, STEPS);
    listener.stepStarted(2, STEPS);
    listener.finished(result(GenerationStatus.FAILED));

    assertThat(sums)
        .containsEntry(Metric.WORK, 0L)
        .containsEntry(Metric.WORK_SPARED, (long) STEPS * TOKENS)
        .containsEntry(Metric.FINISHED_WORK_SPARED, (long) STEPS * TOKENS)
        .containsEntry(Metric.FAILED, 1L)
        .doesNotContainKey(Metric.FINISHED_WORK);
  }

  @Test
  void requestsWithoutAVideoToMakeAreNoWork() {
    listener.started(plan(1));
    steps(STEPS);
    listener.finished(result(GenerationStatus.GENERATED));
    listener.finished(result(GenerationStatus.FAILED));
    listener.finished(result(GenerationStatus.SKIPPED));

    assertThat(sums)
        .containsEntry(Metric.WORK, (long) STEPS * TOKENS)
        .containsEntry(Metric.FINISHED_WORK, (long) STEPS * TOKENS)
        .doesNotContainKey(Metric.WORK_SPARED)
        .containsEntry(Metric.FAILED, 1L)
        .containsEntry(Metric.SKIPPED, 1L);
  }

  private static GenerationResult result(GenerationStatus status) {
    return new GenerationResult(
        status, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 1);
  }

  private void steps(int count) {
    for (int step = 0; step < count; step++) {
      listener.stepStarted(step, STEPS);
    }
  }

  private static GenerationError error() {
    return new GenerationError(ErrorCode.OUT_OF_MEMORY, "on purpose");
  }

  private static PlannedGeneration plan(float scale) {
    return plan(Guidance.throughout(scale));
  }

  private static PlannedGeneration plan(Guidance guidance) {
    GenerationRequest request =
        new GenerationRequest(
            "p",
            "",
            0,
            32,
            32,
            5,
            STEPS,
            guidance.scale(),
            guidance.start(),
            guidance.end(),
            8,
            AttentionMode.DENSE,
            0,
            VideoFormat.MP4_H264);
    Grid grid = new Grid(2, 4, 4);
    return new PlannedGeneration(
        request, "key", new VideoGeometry(32, 32, 5, 1, 2, 4, 4, grid), Optional.empty());
  }
}
