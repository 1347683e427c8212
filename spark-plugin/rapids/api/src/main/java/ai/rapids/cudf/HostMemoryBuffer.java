package ai.rapids.cudf;

import sun.misc.Unsafe;

/** Stand-in for host memory. */
public class HostMemoryBuffer extends MemoryBuffer {
  private HostMemoryBuffer(long length) {
    super(length);
  }

  public static HostMemoryBuffer allocate(long bytes) {
    return new HostMemoryBuffer(bytes);
  }

  public final void copyFromDeviceBuffer(BaseDeviceMemoryBuffer deviceMemoryBuffer) {
    copyFrom(deviceMemoryBuffer);
  }

  public final void getBytes(byte[] dst, long dstOffset, long srcOffset, long len) {
    check(srcOffset, len);
    HostAddresses.UNSAFE.copyMemory(
        null, getAddress() + srcOffset, dst, Unsafe.ARRAY_BYTE_BASE_OFFSET + dstOffset, len);
  }

  public final void setBytes(long offset, byte[] data, long srcOffset, long len) {
    check(offset, len);
    HostAddresses.UNSAFE.copyMemory(
        data, Unsafe.ARRAY_BYTE_BASE_OFFSET + srcOffset, null, getAddress() + offset, len);
  }

  public final void getInts(int[] dst, long dstIndex, long srcOffset, int count) {
    check(srcOffset, count * 4L);
    HostAddresses.UNSAFE.copyMemory(
        null,
        getAddress() + srcOffset,
        dst,
        Unsafe.ARRAY_INT_BASE_OFFSET + 4 * dstIndex,
        count * 4L);
  }

  public final void setInts(long offset, int[] data, long srcOffset, long len) {
    check(offset, len * 4);
    HostAddresses.UNSAFE.copyMemory(
        data, Unsafe.ARRAY_INT_BASE_OFFSET + 4 * srcOffset, null, getAddress() + offset, len * 4);
  }
}
