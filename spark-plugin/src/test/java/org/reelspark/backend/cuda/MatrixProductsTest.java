package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.tensor.DType;

class MatrixProductsTest {
  /** Statuses of cuBLAS: allocation failed, invalid value, execution failed, not supported. */
  @ParameterizedTest
  @CsvSource({"3, OUT_OF_MEMORY", "7, INTERNAL", "13, INTERNAL", "15, INTERNAL"})
  void tellsMemoryThatRanOutFromOtherFailures(int status, ErrorCode code) {
    assertThat(MatrixProducts.codeOf(status)).isEqualTo(code);
  }

  @Test
  void refusesEightBitLayersByKeyChipAndLibraryWithARemedy() {
    assertThat(
            MatrixProducts.eightBitRefusal(
                DType.F16,
                "NVIDIA A100",
                new ComputeCapability(8, 0),
                "12.4.5",
                "CUBLAS_STATUS_NOT_SUPPORTED"))
        .contains("spark.reelspark.gpu.linearPrecision=eight_bit")
        .contains("F16", "NVIDIA A100", "8.0", "cuBLASLt 12.4.5", "CUBLAS_STATUS_NOT_SUPPORTED")
        .contains("9.0", "12.9", "sixteen_bit");
  }
}
