package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "BF16, SIXTEEN_BIT, SIXTEEN_BIT, cuda bf16 sixteen_bit",
    "F16, EIGHT_BIT, SIXTEEN_BIT, cuda f16 eight_bit",
    "BF16, SIXTEEN_BIT, EIGHT_BIT, 'cuda bf16 sixteen_bit, linear eight_bit'",
  })
  void arithmeticNamesTypesAndPrecisions(
      ActivationType activations,
      AttentionPrecision attention,
      LinearPrecision linear,
      String expected) {
    assertThat(new CudaOptions(0, activations, attention, linear).arithmetic()).isEqualTo(expected);
    assertThat(new CudaOptions(512, activations, attention, linear).arithmetic())
        .isEqualTo(expected);
  }

  @Test
  void refusesNegativeMemory() {
    assertThatThrownBy(
            () ->
                new CudaOptions(
                    -1,
                    ActivationType.BF16,
                    AttentionPrecision.SIXTEEN_BIT,
                    LinearPrecision.SIXTEEN_BIT))
        .hasMessageContaining("-1");
  }
}
