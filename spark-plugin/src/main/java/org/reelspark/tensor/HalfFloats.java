package org.reelspark.tensor;

/** The two 16-bit floating-point formats of checkpoints, widened to 32 bits without loss. */
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
}
