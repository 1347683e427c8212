package org.reelspark.backend.cuda;

import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A queue of work on a device. One that is made here does not wait for the legacy default stream,
 * on which other libraries of the process may work.
 */
final class CudaStream implements AutoCloseable {
  /** {@code CU_STREAM_PER_THREAD} of {@code cuda.h}. */
  private static final long PER_THREAD = 2;

  private final CudaDevice device;
  private final CUstream handle;
  private final long address;
  private boolean closed;

  CudaStream(CudaDevice device) {
    this.device = device;
    device.makeCurrent();
    StreamHandle created = new StreamHandle();
    CudaCalls.check(
        JCudaDriver.cuStreamCreate(created, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    handle = created;
    address = created.address();
  }

  private CudaStream(CudaDevice device, CUstream existing, long address) {
    this.device = device;
    this.handle = existing;
    this.address = address;
    // Another's, so never destroyed here.
    this.closed = true;
  }

  /**
   * The default stream of whichever thread calls, on which libraries of the process work that know
   * no streams. It also waits for the legacy default stream, and that for it.
   */
  static CudaStream ofCallingThread(CudaDevice device) {
    return new CudaStream(device, JCudaDriver.CU_STREAM_PER_THREAD, PER_THREAD);
  }

  CudaDevice device() {
    return device;
  }

  CUstream handle() {
    return handle;
  }

  /** The handle as other libraries take it. */
  long address() {
    return address;
  }

  /** Waits until everything that was enqueued is done. */
  void synchronize() {
    device.makeCurrent();
    CudaCalls.check(JCudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize");
  }

  /** Enqueues filling device memory with zeros. */
  void clear(long address, long byteSize) {
    CudaCalls.check(
        JCudaDriver.cuMemsetD8Async(DeviceAddress.of(address), (byte) 0, byteSize, handle),
        "cuMemsetD8Async");
  }

  /**
   * Enqueues a copy to the device from page-locked host memory, or takes pageable memory, which the
   * driver copies for itself before it returns.
   */
  void copyToDevice(long host, long device, long byteSize) {
    CudaCalls.check(
        JCudaDriver.cuMemcpyHtoDAsync(
            DeviceAddress.of(device), DeviceAddress.of(host), byteSize, handle),
        "cuMemcpyHtoDAsync");
  }

  /** Enqueues a copy from the device to page-locked host memory. */
  void copyToHost(long device, long host, long byteSize) {
    CudaCalls.check(
        JCudaDriver.cuMemcpyDtoHAsync(
            DeviceAddress.of(host), DeviceAddress.of(device), byteSize, handle),
        "cuMemcpyDtoHAsync");
  }

  /** Enqueues a copy inside the device's memory. */
  void copyOnDevice(long source, long target, long byteSize) {
    CudaCalls.check(
        JCudaDriver.cuMemcpyDtoDAsync(
            DeviceAddress.of(target), DeviceAddress.of(source), byteSize, handle),
        "cuMemcpyDtoDAsync");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.makeCurrent();
      JCudaDriver.cuStreamDestroy(handle);
    }
  }

  private static final class StreamHandle extends CUstream {
    long address() {
      return getNativePointer();
    }
  }
}
