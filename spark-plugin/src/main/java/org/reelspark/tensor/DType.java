package org.reelspark.tensor;

/** Element types, named as in safetensors files. All are stored little-endian. */
public enum DType {
  F32(4),
  F16(2),
  BF16(2),
  /** Four bits of exponent and three of mantissa, up to 448; values need a scale kept elsewhere. */
  F8_E4M3(1),
  I32(4),
  U8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * Whether an element is a number by itself, with a fraction: F8_E4M3 is not without its scale.
   */
  public boolean isFloat() {
    return switch (this) {
      case F32, F16, BF16 -> true;
      case F8_E4M3, I32, U8 -> false;
    };
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
