package org.reelspark.spark.rapids;

import ai.rapids.cudf.BaseDeviceMemoryBuffer;
import ai.rapids.cudf.DeviceMemoryBuffer;
import ai.rapids.cudf.HostMemoryBuffer;

/** Copies between arrays and GPU memory, in order with the thread's other work; each waits. */
final class DeviceCopies {
  private DeviceCopies() {}

  /**
   * @param buffer at least as long; null for an empty one
   */
  static int[] ints(BaseDeviceMemoryBuffer buffer, int count) {
    int[] values = new int[count];
    if (buffer != null) {
      try (HostMemoryBuffer host = HostMemoryBuffer.allocate(buffer.getLength())) {
        host.copyFromDeviceBuffer(buffer);
        host.getInts(values, 0, 0, count);
      }
    }
    return values;
  }

  /**
   * @param buffer null for an empty one
   */
  static byte[] bytes(BaseDeviceMemoryBuffer buffer) {
    if (buffer == null) {
      return new byte[0];
    }
    byte[] values = new byte[Math.toIntExact(buffer.getLength())];
    try (HostMemoryBuffer host = HostMemoryBuffer.allocate(buffer.getLength())) {
      host.copyFromDeviceBuffer(buffer);
      host.getBytes(values, 0, 0, values.length);
    }
    return values;
  }

  /** The caller closes what this returns. */
  static DeviceMemoryBuffer toDevice(int[] values) {
    try (HostMemoryBuffer host = HostMemoryBuffer.allocate((long) values.length * Integer.BYTES)) {
      host.setInts(0, values, 0, values.length);
      return toDevice(host);
    }
  }

  /** The caller closes what this returns. */
  static DeviceMemoryBuffer toDevice(byte[] values) {
    try (HostMemoryBuffer host = HostMemoryBuffer.allocate(values.length)) {
      host.setBytes(0, values, 0, values.length);
      return toDevice(host);
    }
  }

  private static DeviceMemoryBuffer toDevice(HostMemoryBuffer host) {
    DeviceMemoryBuffer device = DeviceMemoryBuffer.allocate(host.getLength());
    try {
      device.copyFromHostBuffer(host);
      return device;
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }
}
