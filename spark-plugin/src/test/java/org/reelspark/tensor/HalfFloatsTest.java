package org.reelspark.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {
  @Test
  void widensEveryF16ByItsDefinition() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      int exponent = bits >> 10 & 31;
      int fraction = bits & 1023;
      double magnitude;
      if (exponent == 31) {
        magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
      } else if (exponent == 0) {
        magnitude = Math.scalb(fraction / 1024.0, -14);
      } else {
        magnitude = Math.scalb(1 + fraction / 1024.0, exponent - 15);
      }
      Float expected = (float) (bits < 0x8000 ? magnitude : -magnitude);
      assertThat(HalfFloats.ofF16((short) bits)).as("bits %x", bits).isEqualTo(expected);
    }
    assertThat(1 / HalfFloats.ofF16((short) 0x8000)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void widensEveryBf16AsTheUpperHalfOfAFloat() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      assertThat(Float.floatToRawIntBits(HalfFloats.ofBf16((short) bits))).isEqualTo(bits << 16);
    }
  }

  @Test
  void tensorsOfEveryFloatTypeReadAsFloats() {
    try (Tensor f16 = Tensor.allocateHost(DType.F16, Shape.of(2));
        Tensor bf16 = Tensor.allocateHost(DType.BF16, Shape.of(2))) {
      f16.buffer().putShort((short) 0x3c00).putShort((short) 0xc000);
      bf16.buffer().putShort((short) 0x3f80).putShort((short) 0xc000);

      assertThat(f16.toFloats()).containsExactly(1, -2);
      assertThat(bf16.toFloats()).containsExactly(1, -2);
    }
  }
}
