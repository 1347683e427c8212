package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Rounds floats to the 16-bit types, to the nearest, of two the even one. */
final class Halves {
  private Halves() {}

  /** A host tensor with the values rounded to its type. */
  static Tensor tensor(DType dtype, Shape shape, float... values) {
    Tensor tensor = Tensor.allocateHost(dtype, shape);
    ByteBuffer bytes = tensor.buffer();
    for (int i = 0; i < values.length; i++) {
      switch (dtype) {
        case F32 -> bytes.putFloat(i * Float.BYTES, values[i]);
        case BF16 -> bytes.putShort(i * Short.BYTES, bf16(values[i]));
        case F16 -> bytes.putShort(i * Short.BYTES, f16(values[i]));
        case F8_E4M3, I32, U8 -> throw new IllegalArgumentException("no floats: " + dtype);
      }
    }
    return tensor;
  }

  /** The values as the type keeps them. */
  static float[] rounded(DType dtype, float[] values) {
    try (Tensor tensor = tensor(dtype, Shape.of(values.length), values)) {
      return tensor.toFloats();
    }
  }

  static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  static short f16(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 65520) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x1p-14f) {
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int rounded = bits + 0xfff + (bits >>> 13 & 1);
    return (short) (sign | (rounded >>> 13) - (112 << 10));
  }
}
