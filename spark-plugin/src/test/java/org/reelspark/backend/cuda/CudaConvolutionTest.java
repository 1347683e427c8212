package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.tensor.DType;

class CudaConvolutionTest {
  /** Convolutions of the autoencoders on 132 multiprocessors. */
  @ParameterizedTest
  @CsvSource({
    "1, 60, 104, 384, F16, 96",
    "4, 120, 208, 384, F16, 128",
    "4, 240, 416, 192, F16, 96",
    "4, 480, 832, 96, BF16, 96",
    "4, 480, 832, 3, F16, 32",
    "4, 480, 832, 3, F32, 32",
    "1, 16, 16, 64, F16, 32",
    "1, 60, 104, 384, F32, 32"
  })
  void blocksFillTheGpuWithFewOutputsThatAreNotThere(
      int frames, int height, int width, int outputs, DType type, int expected) {
    assertThat(CudaConvolution.blockOutputs((long) frames * height * width, outputs, type, 132))
        .isEqualTo(expected);
  }
}
