package ai.rapids.cudf;

/** Stand-in for device memory, owned or not. */
public abstract class BaseDeviceMemoryBuffer extends MemoryBuffer {
  BaseDeviceMemoryBuffer(long length) {
    super(length);
  }

  BaseDeviceMemoryBuffer(long address, long length) {
    super(address, length);
  }

  public final void copyFromHostBuffer(HostMemoryBuffer hostBuffer) {
    copyFrom(hostBuffer);
  }

  public final DeviceMemoryBuffer sliceWithCopy(long offset, long len) {
    check(offset, len);
    DeviceMemoryBuffer copy = DeviceMemoryBuffer.allocate(len);
    HostAddresses.UNSAFE.copyMemory(getAddress() + offset, copy.getAddress(), len);
    return copy;
  }
}
