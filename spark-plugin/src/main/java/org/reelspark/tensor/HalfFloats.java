package org.reelspark.tensor;

/**
 * The two 16-bit floating-point formats of checkpoints: widened to 32 bits without loss, and
 * rounded from 32 bits to the nearest, ties to even.
 */
public final class HalfFloats {
  private static final int F16_EXPONENT = 0x7c00;

  private HalfFloats() {}

  /** IEEE 754 binary16 to float; subnormals, infinities and NaN included. */
  public static float ofF16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int magnitude = (bits & 0x7fff) << 13;
    if ((bits & F16_EXPONENT) == F16_EXPONENT) {
      return Float.intBitsToFloat(sign | 0x7f800000 | magnitude);
    }
    // The product moves the exponent's bias from 15 to 127 and is exact, subnormals too.
    float value = Float.intBitsToFloat(magnitude) * 0x1p112f;
    return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
  }

  /** The upper half of a float. */
  public static float ofBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /**
   * The nearest IEEE 754 binary16; what is beyond 65504 by half a unit or more becomes infinite.
   */
  public static short toF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 65520) {
      return (short) (sign | F16_EXPONENT);
    }
    if (magnitude < 0x1p-14f) {
      // Subnormals are multiples of 2^-24, which the sum with 0.5 rounds to.
      return (short) (sign | Float.floatToRawIntBits(magnitude + 0.5f) - 0x3f000000);
    }
    int rebiased = Float.floatToRawIntBits(magnitude) - (112 << 23);
    return (short) (sign | rebiased + 0xfff + (rebiased >>> 13 & 1) >>> 13);
  }

  /** The nearest bfloat16. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
