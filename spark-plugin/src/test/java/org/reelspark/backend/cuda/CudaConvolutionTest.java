package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.tensor.DType;

class CudaConvolutionTest {
  /** Those of the autoencoders, and what would be computed beyond the last. */
  @ParameterizedTest
  @CsvSource({
    "384, F16, 128",
    "192, F16, 96",
    "96, F16, 96",
    "768, BF16, 128",
    "64, F16, 32",
    "3, F16, 32",
    "3, F32, 32",
    "384, F32, 32"
  })
  void blocksComputeFewOutputsThatAreNotThere(int outputs, DType type, int expected) {
    assertThat(CudaConvolution.blockOutputs(outputs, type)).isEqualTo(expected);
  }
}
