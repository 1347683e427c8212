package org.reelspark.backend.cuda;

import org.reelspark.tensor.HostMemory;

/**
 * Copies between ordinary host memory and a device, through page-locked memory in two halves: the
 * GPU copies one while the processor copies the other.
 */
final class StagingBuffer implements AutoCloseable {
  private static final int HALF_BYTES = 8 << 20;

  private final CudaStream stream;
  private final PinnedMemory memory;
  private final CudaEvent[] copied;

  StagingBuffer(CudaStream stream) {
    this.stream = stream;
    memory = new PinnedMemory(stream.device(), 2 * HALF_BYTES);
    copied = new CudaEvent[] {new CudaEvent(stream.device()), new CudaEvent(stream.device())};
  }

  /** The host memory may change when this returns; later work of the stream sees the copy. */
  void toDevice(long host, long device, long byteSize) {
    for (long done = 0; done < byteSize; done += HALF_BYTES) {
      int half = half(done);
      long count = Math.min(HALF_BYTES, byteSize - done);
      copied[half].await();
      HostMemory.copy(host + done, address(half), count);
      stream.copyToDevice(address(half), device + done, count);
      copied[half].record(stream);
    }
  }

  /** Waits for all earlier work of the stream. */
  void toHost(long device, long host, long byteSize) {
    startToHost(device, 0, byteSize);
    for (long done = 0; done < byteSize; done += HALF_BYTES) {
      startToHost(device, done + HALF_BYTES, byteSize);
      copied[half(done)].await();
      HostMemory.copy(address(half(done)), host + done, Math.min(HALF_BYTES, byteSize - done));
    }
  }

  private void startToHost(long device, long from, long byteSize) {
    if (from < byteSize) {
      stream.copyToHost(device + from, address(half(from)), Math.min(HALF_BYTES, byteSize - from));
      copied[half(from)].record(stream);
    }
  }

  private static int half(long offset) {
    return (int) (offset / HALF_BYTES % 2);
  }

  private long address(int half) {
    return memory.address() + (long) half * HALF_BYTES;
  }

  @Override
  public void close() {
    stream.synchronize();
    for (CudaEvent event : copied) {
      event.close();
    }
    memory.close();
  }
}
