package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.reelspark.tensor.HostMemory;

/** Page-locked host memory: the GPU copies from and to it while the processor goes on. */
final class PinnedMemory implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer pointer = new Pointer();
  private final ByteBuffer bytes;
  private final long address;
  private boolean closed;

  PinnedMemory(CudaDevice device, int byteSize) {
    this.device = device;
    device.makeCurrent();
    CudaCalls.check(
        JCudaDriver.cuMemAllocHost(pointer, byteSize),
        "page-locking %d bytes of host memory".formatted(byteSize));
    bytes = pointer.getByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    address = HostMemory.address(bytes);
  }

  ByteBuffer bytes() {
    return bytes;
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.makeCurrent();
      JCudaDriver.cuMemFreeHost(pointer);
    }
  }
}
