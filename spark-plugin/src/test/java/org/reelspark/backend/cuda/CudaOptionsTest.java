package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "BF16, SIXTEEN_BIT, cuda bf16 sixteen_bit",
    "F16, EIGHT_BIT, cuda f16 eight_bit",
  })
  void arithmeticNamesTypesAndPrecision(
      ActivationType activations, AttentionPrecision precision, String expected) {
    assertThat(new CudaOptions(0, activations, precision).arithmetic()).isEqualTo(expected);
    assertThat(new CudaOptions(512, activations, precision).arithmetic()).isEqualTo(expected);
  }

  @Test
  void refusesNegativeMemory() {
    assertThatThrownBy(
            () -> new CudaOptions(-1, ActivationType.BF16, AttentionPrecision.SIXTEEN_BIT))
        .hasMessageContaining("-1");
  }
}
