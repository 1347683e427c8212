package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.reelspark.tensor.DType.BF16;
import static org.reelspark.tensor.DType.F16;
import static org.reelspark.tensor.DType.F32;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Uploads and allocation. */
class MemoryOnGpuTest extends BackendComparison {
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void uploadsWeightsOfAnyTypeAsAnyOther(DType stored) {
    float[] values = {0, 1, -2.5f, 0.125f, 3, -4, 100, 0.5f, 7};
    Shape shape = Shape.of(values.length);
    for (DType type : List.of(F32, F16, BF16)) {
      try (Tensor host = Halves.tensor(stored, shape, values);
          Tensor uploaded = both.gpu().upload(host, type)) {
        assertThat(uploaded.dtype()).isEqualTo(type);
        assertThat(both.download(uploaded)).containsExactly(values);
      }
    }
  }

  @Test
  void refusesMoreMemoryThanItReserved() {
    assertThatThrownBy(() -> both.gpu().allocate(1L << 30))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY))
        .hasMessageContainingAll("4294967296 bytes", "2147483648", "spark.reelspark.gpu.memoryMib");
  }
}
