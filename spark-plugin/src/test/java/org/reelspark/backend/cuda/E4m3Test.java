package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class E4m3Test {
  @ParameterizedTest
  @CsvSource({
    "1.0625, 1", // halfway between 1 and 1.125
    "1.1875, 1.25", // halfway between 1.125 and 1.25
    "-1.2, -1.25",
    "447, 448",
    "1000, 448",
    "-1000, -448",
    "0.015625, 0.015625", // the least normal number, 2^-6
    "0.003, 0.00390625", // subnormal numbers are multiples of 2^-9
    "0.0009, 0",
  })
  void roundsToFourSignificantBits(float value, float expected) {
    assertThat(E4m3.rounded(value)).isEqualTo(expected);
  }

  @Test
  void scalesEveryRowByItsGreatest() {
    float[] rows = {1, 0.4f, -2, 0, 0, 0, 448, 3, -31};

    assertThat(E4m3.roundedRows(rows, 3)).containsExactly(1, 0.39285716f, -2, 0, 0, 0, 448, 3, -32);
  }
}
