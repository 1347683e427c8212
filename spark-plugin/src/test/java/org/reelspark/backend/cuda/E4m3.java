package org.reelspark.backend.cuda;

/** Rounds floats as 8-bit matrix products see them, by the definition of the type. */
final class E4m3 {
  private static final float GREATEST = 448;
  private static final int LEAST_EXPONENT = -6;
  private static final int MANTISSA_BITS = 3;

  private E4m3() {}

  /** The nearest, of two the even one; what is too great becomes the greatest. */
  static float rounded(float value) {
    int exponent = Math.max(Math.getExponent(value), LEAST_EXPONENT);
    float step = Math.scalb(1f, exponent - MANTISSA_BITS);
    float rounded = (float) Math.rint(value / step) * step;
    return Math.max(-GREATEST, Math.min(GREATEST, rounded));
  }

  /** Rows scaled to the greatest, rounded and scaled back. */
  static float[] roundedRows(float[] values, int columns) {
    float[] result = new float[values.length];
    for (int row = 0; row < values.length; row += columns) {
      float greatest = 0;
      for (int i = row; i < row + columns; i++) {
        greatest = Math.max(greatest, Math.abs(values[i]));
      }
      for (int i = row; i < row + columns && greatest > 0; i++) {
        result[i] = rounded(values[i] * (GREATEST / greatest)) * (greatest / GREATEST);
      }
    }
    return result;
  }
}
