package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;

class MatrixProductsTest {
  /** Statuses of cuBLAS: allocation failed, invalid value, execution failed, not supported. */
  @ParameterizedTest
  @CsvSource({"3, OUT_OF_MEMORY", "7, INTERNAL", "13, INTERNAL", "15, INTERNAL"})
  void tellsMemoryThatRanOutFromOtherFailures(int status, ErrorCode code) {
    assertThat(MatrixProducts.codeOf(status)).isEqualTo(code);
  }
}
