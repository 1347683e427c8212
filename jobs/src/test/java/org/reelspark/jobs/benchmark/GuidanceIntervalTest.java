package org.reelspark.jobs.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.model.Guidance;
import picocli.CommandLine.TypeConversionException;

class GuidanceIntervalTest {
  private final GuidanceInterval.Converter converter = new GuidanceInterval.Converter();

  @Test
  void readsTwoFractions() {
    GuidanceInterval interval = converter.convert("0.25-.5");

    assertThat(interval.guidance(3)).isEqualTo(new Guidance(3, 0.25f, 0.5f));
    assertThat(interval).hasToString("0.25-.5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0.5", "0.5-0.25", "0-2", "a-b", "-0.5-1"})
  void namesWhatIsNoInterval(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'", "0-0.5");
  }
}
