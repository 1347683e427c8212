package ai.rapids.cudf;

/** Stand-in for device memory of another. */
final class DeviceMemoryBufferView extends BaseDeviceMemoryBuffer {
  private DeviceMemoryBufferView(long address, long length) {
    super(address, length);
  }

  /** Null of null. */
  static BaseDeviceMemoryBuffer of(BaseDeviceMemoryBuffer buffer) {
    return buffer == null
        ? null
        : new DeviceMemoryBufferView(buffer.getAddress(), buffer.getLength());
  }
}
