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

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
