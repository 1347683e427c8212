package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.tensor.Shape;

class LinearUploadTest {
  @ParameterizedTest
  @CsvSource({
    "1536, 8960, true",
    "16, 16, true",
    "24, 64, false",
    "64, 24, false",
  })
  void eightBitWeightsHaveWholeSixteensOfInputsAndOutputs(
      long outputs, long inputs, boolean expected) {
    assertThat(LinearUpload.fits(Shape.of(outputs, inputs))).isEqualTo(expected);
  }
}
