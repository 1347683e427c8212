package ai.rapids.cudf;

/** Stand-in for device memory with an owner. */
public class DeviceMemoryBuffer extends BaseDeviceMemoryBuffer {
  DeviceMemoryBuffer(long length) {
    super(length);
  }

  public static DeviceMemoryBuffer allocate(long bytes) {
    return new DeviceMemoryBuffer(bytes);
  }
}
