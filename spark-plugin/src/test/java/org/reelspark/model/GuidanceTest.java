package org.reelspark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuidanceTest {
  private static List<Integer> guided(Guidance guidance, int steps) {
    return IntStream.range(0, steps).filter(step -> guidance.guides(step, steps)).boxed().toList();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 10, 0, 10",
    "0.2, 0.7, 10, 2, 7",
    "0.29, 1, 100, 29, 100",
    "0.1, 0.35, 4, 0, 1",
    "0, 0.5, 1, 0, 1",
    "0.5, 0.5, 10, 0, 0",
    "0, 0, 3, 0, 0",
  })
  void guidesTheStepsOfItsInterval(float start, float end, int steps, int first, int past) {
    Guidance guidance = new Guidance(3, start, end);

    assertThat(guided(guidance, steps))
        .containsExactlyElementsOf(IntStream.range(first, past).boxed().toList());
    assertThat(guidance.guidesAnyOf(steps)).isEqualTo(first < past);
    assertThat(guidance.modelRuns(steps)).isEqualTo(steps + past - first);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0.2, 0.8"})
  void countsARunForEachStepAndOneMoreForEachGuidedOne(float start, float end) {
    Guidance guidance = new Guidance(3, start, end);
    int runs = 0;
    for (int step = 0; step < 10; step++) {
      assertThat(guidance.modelRunsBefore(step, 10)).isEqualTo(runs);
      runs += guidance.guides(step, 10) ? 2 : 1;
    }
    assertThat(guidance.modelRuns(10)).isEqualTo(runs);
  }

  @ParameterizedTest
  @CsvSource({"0", "0.5", "1"})
  void scaleOfAtMostOneGuidesNoStep(float scale) {
    Guidance guidance = Guidance.throughout(scale);

    assertThat(guided(guidance, 5)).isEmpty();
    assertThat(guidance.modelRuns(5)).isEqualTo(5);
  }

  @Test
  void refusesAnIntervalThatIsNone() {
    assertThatThrownBy(() -> new Guidance(3, 0.6f, 0.5f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("from 0.6 to 0.5");
    assertThatThrownBy(() -> new Guidance(3, Float.NaN, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
