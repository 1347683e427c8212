package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.jobs.RunPlan.Batch;
import org.reelspark.jobs.RunPlan.Shape;

class TimeEstimateTest {
  private static final Shape MEASURED = shape(1000, 10);
  private static final TimeEstimate ESTIMATE = new TimeEstimate(MEASURED, 500, 2000);

  @Test
  void multipliesStepsAndVideosOfTheMeasuredShape() {
    assertThat(seconds(new Batch(MEASURED, 3, 1))).isEqualTo(3 * (0.5 + 10 * 2));
  }

  @Test
  void stepsWithGuidanceTakeTwoRuns() {
    Shape guidedInSix = new Shape(128, 128, 65, 1000, 10, 16, "dense");

    assertThat(seconds(new Batch(guidedInSix, 1, 1))).isEqualTo(0.5 + 16 * 2);
  }

  @Test
  void sharesTheWorkBetweenExecutors() {
    assertThat(ESTIMATE.seconds(plan(new Batch(MEASURED, 4, 1)), 4)).isEqualTo(20.5);
  }

  @Test
  void knowsThatAVideoIsMadeByOneExecutor() {
    RunPlan plan = plan(new Batch(MEASURED, 5, 1));

    assertThat(ESTIMATE.seconds(plan, 4)).isEqualTo(2 * 20.5);
    assertThat(ESTIMATE.executorSeconds(plan)).isEqualTo(5 * 20.5);
    assertThat(ESTIMATE.text(plan, 4))
        .isEqualTo("The run takes about 41 s on 4 executors: 1 min 43 s of executor time");
  }

  @Test
  void startsWithTheLongest() {
    Batch shortest = new Batch(shape(1000, 10), 2, 1);
    Batch longest = new Batch(shape(1000, 30), 1, 3);

    assertThat(ESTIMATE.seconds(plan(shortest, longest), 2)).isEqualTo(0.5 + 30 * 2);
  }

  @Test
  void neverPromisesTooMuchForOtherSizes() {
    assertThat(seconds(new Batch(shape(2000, 10), 1, 1))).isEqualTo(2 * 0.5 + 10 * 2 * 4);
    assertThat(seconds(new Batch(shape(500, 10), 1, 1))).isEqualTo(0.5 * 0.5 + 10 * 2 * 0.5);
  }

  @ParameterizedTest
  @CsvSource({"0.04, 0.0 s", "9.94, 9.9 s", "42.4, 42 s", "125, 2 min 5 s", "12000, 3 h 20 min"})
  void writesTimesAsPeopleReadThem(double seconds, String text) {
    assertThat(Durations.text(seconds)).isEqualTo(text);
  }

  private static double seconds(Batch... batches) {
    return ESTIMATE.seconds(plan(batches), 1);
  }

  private static RunPlan plan(Batch... batches) {
    return new RunPlan(Arrays.asList(batches), 0, 0, 0, List.of());
  }

  private static Shape shape(int tokens, int steps) {
    return new Shape(128, 128, 65, tokens, steps, steps, "dense");
  }
}
