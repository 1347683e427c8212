package org.reelspark.backend.cuda;

/**
 * Memory for the workspaces of operations, which follow one another on one stream and may therefore
 * share it. An operation lays out its whole workspace first, so that nothing is allocated halfway.
 */
final class DeviceArena implements AutoCloseable {
  private final CudaDevice device;
  private DeviceMemory memory;

  DeviceArena(CudaDevice device) {
    this.device = device;
  }

  /**
   * Address of at least this many bytes, until the next call.
   *
   * @throws org.reelspark.error.ReelsparkException OUT_OF_MEMORY when the GPU has too little left
   */
  long reserve(long byteSize) {
    if (memory == null || memory.byteSize() < byteSize) {
      // Old first: both may not fit. The driver waits for kernels that still use it.
      close();
      memory = DeviceMemory.allocate(device, byteSize);
    }
    return memory.address();
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
