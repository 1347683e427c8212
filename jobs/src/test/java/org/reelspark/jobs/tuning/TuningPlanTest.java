package org.reelspark.jobs.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.Grid;
import org.reelspark.attention.TokenOrder;
import org.reelspark.model.VideoGeometry;

class TuningPlanTest {
  @ParameterizedTest
  @CsvSource({
    "12, 3, 1, '1 5 9'",
    "12, 3, 2, '0 2 4 6 8 10'",
    "10, 3, 1, '1 5 8'",
    "3, 3, 1, '0 1 2'",
    "5, 1, 1, '2'"
  })
  void samplesTheMiddleOfEachPartOfARange(int steps, int ranges, int samples, String expected) {
    TuningPlan plan = plan(steps, ranges, samples, 0.05);
    List<Integer> sampled = IntStream.range(0, steps).filter(plan::samples).boxed().toList();
    assertThat(sampled.toString().replaceAll("[\\[\\],]", "")).isEqualTo(expected);
    for (int range = 0; range < ranges; range++) {
      int number = range;
      assertThat(sampled).filteredOn(step -> plan.range(step) == number).hasSize(samples);
    }
  }

  @Test
  void rangesFollowEachOther() {
    TuningPlan plan = plan(7, 3, 1, 0.05);
    assertThat(IntStream.range(0, 7).map(plan::range).toArray())
        .containsExactly(0, 0, 0, 1, 1, 2, 2);
  }

  @Test
  void rejectsWhatCannotBeTuned() {
    assertThatThrownBy(() -> plan(2, 3, 1, 0.05)).hasMessageContaining("2 steps are too few");
    assertThatThrownBy(() -> plan(12, 0, 1, 0.05)).hasMessageContaining("found 0");
    assertThatThrownBy(() -> plan(12, 3, 1, 1.5)).hasMessageContaining("found 1.5");
    assertThatThrownBy(() -> plan(12, 3, 1, Double.NaN)).hasMessageContaining("found NaN");
  }

  private static TuningPlan plan(int steps, int ranges, int samples, double bound) {
    return new TuningPlan(
        List.of("a"),
        new VideoGeometry(8, 8, 5, 16, 2, 1, 1, new Grid(2, 1, 1)),
        steps,
        1,
        List.of(TokenOrder.HILBERT),
        bound,
        ranges,
        samples,
        4);
  }
}
