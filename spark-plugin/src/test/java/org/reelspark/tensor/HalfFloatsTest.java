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

  @Test
  void narrowsToTheNearestF16AndTiesToEven() {
    int largest = 0x7bff;
    for (int bits = 0; bits < largest; bits++) {
      float value = HalfFloats.ofF16((short) bits);
      float middle = (value + HalfFloats.ofF16((short) (bits + 1))) / 2;
      int even = bits + (bits & 1);
      assertThat(HalfFloats.toF16(value)).isEqualTo((short) bits);
      assertThat(HalfFloats.toF16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfFloats.toF16(middle)).isEqualTo((short) even);
      assertThat(HalfFloats.toF16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(HalfFloats.toF16(-value)).isEqualTo((short) (bits | 0x8000));
    }
    assertThat(HalfFloats.toF16(Math.nextDown(65520f))).isEqualTo((short) largest);
    assertThat(HalfFloats.toF16(65520)).isEqualTo((short) 0x7c00);
    assertThat(HalfFloats.toF16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
    assertThat(HalfFloats.ofF16(HalfFloats.toF16(Float.NaN))).isNaN();
  }

  @Test
  void narrowsToTheNearestBf16AndTiesToEven() {
    int largest = 0x7f7f;
    for (int bits = 0; bits < largest; bits++) {
      float value = HalfFloats.ofBf16((short) bits);
      float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
      int even = bits + (bits & 1);
      assertThat(HalfFloats.toBf16(value)).isEqualTo((short) bits);
      assertThat(HalfFloats.toBf16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfFloats.toBf16(middle)).isEqualTo((short) even);
      assertThat(HalfFloats.toBf16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(HalfFloats.toBf16(-value)).isEqualTo((short) (bits | 0x8000));
    }
    assertThat(HalfFloats.toBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(HalfFloats.ofBf16(HalfFloats.toBf16(Float.NaN))).isNaN();
  }
}
