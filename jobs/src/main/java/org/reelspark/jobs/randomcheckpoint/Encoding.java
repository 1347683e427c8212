package org.reelspark.jobs.randomcheckpoint;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HalfFloats;

/** How one type of weights stands in a file. */
enum Encoding {
  F32 {
    @Override
    int bits(float value) {
      return Float.floatToRawIntBits(value);
    }

    @Override
    void put(ByteBuffer out, int index, int bits) {
      out.putInt(index * Integer.BYTES, bits);
    }
  },
  F16 {
    @Override
    int bits(float value) {
      return HalfFloats.toF16(value);
    }

    @Override
    void put(ByteBuffer out, int index, int bits) {
      out.putShort(index * Short.BYTES, (short) bits);
    }
  },
  BF16 {
    @Override
    int bits(float value) {
      return HalfFloats.toBf16(value);
    }

    @Override
    void put(ByteBuffer out, int index, int bits) {
      out.putShort(index * Short.BYTES, (short) bits);
    }
  };

  static Encoding of(DType type) {
    return valueOf(type.name());
  }

  /** The value rounded to this type. */
  abstract int bits(float value);

  abstract void put(ByteBuffer out, int index, int bits);
}
