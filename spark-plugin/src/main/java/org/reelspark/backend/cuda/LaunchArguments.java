package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Values of kernel parameters as the driver reads them: little-endian, in direct memory. */
final class LaunchArguments {
  private LaunchArguments() {}

  static ByteBuffer structure(int byteSize) {
    return ByteBuffer.allocateDirect(byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An address or a 64-bit number. */
  static ByteBuffer of(long value) {
    return structure(Long.BYTES).putLong(0, value);
  }

  static ByteBuffer of(int value) {
    return structure(Integer.BYTES).putInt(0, value);
  }

  static ByteBuffer of(float value) {
    return structure(Float.BYTES).putFloat(0, value);
  }
}
