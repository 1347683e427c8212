package org.reelspark.backend.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** A point in a stream, to be waited for or timed. */
final class CudaEvent implements AutoCloseable {
  private final CudaDevice device;
  private final CUevent handle = new CUevent();
  private boolean closed;

  /** An event to wait for. */
  CudaEvent(CudaDevice device) {
    // Waiting yields the processor: a generation waits for seconds, and other tasks need it.
    this(device, CUevent_flags.CU_EVENT_DISABLE_TIMING | CUevent_flags.CU_EVENT_BLOCKING_SYNC);
  }

  private CudaEvent(CudaDevice device, int flags) {
    this.device = device;
    device.makeCurrent();
    CudaCalls.check(JCudaDriver.cuEventCreate(handle, flags), "cuEventCreate");
  }

  /** An event that knows when it was passed. */
  static CudaEvent timing(CudaDevice device) {
    return new CudaEvent(device, CUevent_flags.CU_EVENT_BLOCKING_SYNC);
  }

  /** Time from an earlier event to this one; both are timing ones and passed. */
  double millisecondsSince(CudaEvent earlier) {
    float[] milliseconds = new float[1];
    CudaCalls.check(
        JCudaDriver.cuEventElapsedTime(milliseconds, earlier.handle, handle), "cuEventElapsedTime");
    return milliseconds[0];
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
