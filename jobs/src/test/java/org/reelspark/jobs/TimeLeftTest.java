package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GenerationProgress;
import org.reelspark.spark.GenerationProgress.Work;

/** Videos of ten steps of work 100, a step of which takes a second. */
class TimeLeftTest {
  private static final long VIDEO = 1000;
  private static final Offset<Double> CLOSE = within(1e-6);

  /** Of a video's steps. */
  private static final double USUAL_OTHER_STAGES = 2;

  private long seconds;

  private TimeLeft timeLeft(long videos) {
    return new TimeLeft(videos * VIDEO, () -> TimeUnit.SECONDS.toNanos(seconds));
  }

  private void observe(
      TimeLeft timeLeft, long atSecond, Work work, long otherMillis, long denoiseMillis) {
    seconds = atSecond;
    StageTimings timings = new StageTimings(0, denoiseMillis, otherMillis, 0, 0);
    timeLeft.observe(new GenerationProgress(0, 0, 0, 0, 0, work, timings));
  }

  @Test
  void saysNothingBeforeItKnowsASpeed() {
    TimeLeft timeLeft = timeLeft(2);

    observe(timeLeft, 30, new Work(0, 0, 0, 0), 0, 0);
    assertThat(timeLeft.seconds()).isEmpty();
    observe(timeLeft, 40, new Work(100, 0, 0, 0), 0, 0);
    assertThat(timeLeft.seconds()).isEmpty();
    assertThat(timeLeft.text()).isEmpty();
  }

  @Test
  void countsFromTheFirstStepAndThinksOfTheStagesAroundSteps() {
    TimeLeft timeLeft = timeLeft(1);
    observe(timeLeft, 300, new Work(100, 0, 0, 0), 0, 0);
    observe(timeLeft, 304, new Work(500, 0, 0, 0), 0, 0);

    assertThat(timeLeft.seconds()).hasValueCloseTo(5 + USUAL_OTHER_STAGES, CLOSE);
    assertThat(timeLeft.text()).isEqualTo(", about 7.0 s left");
  }

  @Test
  void countsDownBetweenChanges() {
    TimeLeft timeLeft = timeLeft(1);
    observe(timeLeft, 0, new Work(100, 0, 0, 0), 0, 0);
    observe(timeLeft, 4, new Work(500, 0, 0, 0), 0, 0);
    observe(timeLeft, 6, new Work(500, 0, 0, 0), 0, 0);

    assertThat(timeLeft.seconds()).hasValueCloseTo(3 + USUAL_OTHER_STAGES, CLOSE);
    seconds = 20;
    assertThat(timeLeft.seconds()).as("longer than thought").isEmpty();
  }

  @Test
  void learnsFromFinishedVideosWhatOtherStagesTake() {
    TimeLeft timeLeft = timeLeft(4);
    observe(timeLeft, 0, new Work(100, 0, 0, 0), 0, 0);
    // 9 more steps and 5 s of decoding, then a step of the next.
    observe(timeLeft, 15, new Work(1100, 0, 1000, 0), 5_000, 10_000);

    assertThat(timeLeft.seconds()).hasValueCloseTo(29 + 3 * 5.0, CLOSE);
  }

  @Test
  void stepsThatACheckpointSparedAreNoWorkOfThisRun() {
    TimeLeft timeLeft = timeLeft(10);
    observe(timeLeft, 0, new Work(100, 900, 0, 0), 0, 0);
    // Of the first video one step was left, and its decoding of 5 s.
    observe(timeLeft, 6, new Work(200, 900, 100, 900), 5_000, 1_000);

    assertThat(timeLeft.seconds()).hasValueCloseTo(89 + 9 * 5.0, CLOSE);
  }

  @Test
  void videoThatFailedIsNotLeft() {
    TimeLeft timeLeft = timeLeft(3);
    observe(timeLeft, 0, new Work(100, 0, 0, 0), 0, 0);
    observe(timeLeft, 14, new Work(1000, 0, 1000, 0), 5_000, 10_000);
    observe(timeLeft, 15, new Work(1100, 1000, 1000, 1000), 5_000, 10_000);

    assertThat(timeLeft.seconds()).isPresent();
    assertThat(timeLeft.seconds().orElseThrow()).isLessThan(10 + 5);
  }

  @Test
  void saysNothingOnceAllIsDone() {
    TimeLeft timeLeft = timeLeft(1);
    observe(timeLeft, 0, new Work(100, 0, 0, 0), 0, 0);
    observe(timeLeft, 14, new Work(1000, 0, 1000, 0), 5_000, 10_000);

    assertThat(timeLeft.seconds()).isEmpty();
  }

  @Test
  void saysNothingWhileItGoesBack() {
    TimeLeft timeLeft = timeLeft(2);
    observe(timeLeft, 0, new Work(500, 0, 0, 0), 0, 0);
    observe(timeLeft, 9, new Work(300, 0, 0, 0), 0, 0);

    assertThat(timeLeft.seconds()).as("a task was lost").isEmpty();
  }
}
