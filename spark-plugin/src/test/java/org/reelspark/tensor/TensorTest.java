package org.reelspark.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ShortBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  @Test
  void copiesPartOfASliceOf32Bits() {
    try (Tensor tensor = Tensor.ofFloats(Shape.of(3, 2), 0, 1, 2, 3, 4, 5)) {
      float[] values = {-1, -1, -1, -1};

      tensor.slice(1, 3).copyFloats(1, values, 1, 2);

      assertThat(values).containsExactly(-1, 3, 4, -1);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void widensPartOfATensorOf16Bits(DType dtype) {
    try (Tensor tensor = Tensor.allocateHost(dtype, Shape.of(4))) {
      ShortBuffer bits = tensor.buffer().asShortBuffer();
      for (float value : new float[] {0.5f, -2, 96, 7}) {
        bits.put(dtype == DType.F16 ? HalfFloats.toF16(value) : HalfFloats.toBf16(value));
      }
      float[] values = new float[2];

      tensor.copyFloats(1, values, 0, 2);

      assertThat(values).containsExactly(-2, 96);
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 0, 1", "2, 0, 2", "0, 1, 2", "0, -1, 1", "0, 0, -1"})
  void copiesNothingFromOutsideOrToOutside(long from, int offset, int count) {
    try (Tensor tensor = Tensor.ofFloats(Shape.of(3), 1, 2, 3)) {
      float[] values = new float[2];

      assertThatThrownBy(() -> tensor.copyFloats(from, values, offset, count))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(values).containsExactly(0, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F8_E4M3", "I32", "U8"})
  void otherTypesHaveNoFloats(DType dtype) {
    try (Tensor tensor = Tensor.allocateHost(dtype, Shape.of(1))) {
      assertThatIllegalStateException()
          .isThrownBy(tensor::toFloats)
          .withMessageContaining(dtype.name());
    }
  }
}
