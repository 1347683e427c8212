package org.reelspark.backend.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** A point in a stream that a thread can wait for. */
final class CudaEvent implements AutoCloseable {
  private final CudaDevice device;
  private final CUevent handle = new CUevent();
  private boolean closed;

  CudaEvent(CudaDevice device) {
    this.device = device;
    device.makeCurrent();
    // Waiting yields the processor: a generation waits for seconds, and other tasks need it.
    CudaCalls.check(
        JCudaDriver.cuEventCreate(
            handle, CUevent_flags.CU_EVENT_DISABLE_TIMING | CUevent_flags.CU_EVENT_BLOCKING_SYNC),
        "cuEventCreate");
  }

  /** Moves the point to the end of what the stream has now. */
  void record(CudaStream stream) {
    CudaCalls.check(JCudaDriver.cuEventRecord(handle, stream.handle()), "cuEventRecord");
  }

  /** Waits until the stream has passed the point; at once when it was never recorded. */
  void await() {
    device.makeCurrent();
    CudaCalls.check(JCudaDriver.cuEventSynchronize(handle), "cuEventSynchronize");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.makeCurrent();
      JCudaDriver.cuEventDestroy(handle);
    }
  }
}
