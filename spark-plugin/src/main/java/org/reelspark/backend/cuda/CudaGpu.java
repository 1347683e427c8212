package org.reelspark.backend.cuda;

import org.reelspark.error.ReelsparkException;

/**
 * A GPU that this process holds: its primary context, which all libraries of the process share,
 * stays alive until closed.
 */
public final class CudaGpu implements AutoCloseable {
  private final CudaDevice device;

  private CudaGpu(CudaDevice device) {
    this.device = device;
  }

  /**
   * Opens a GPU of this machine.
   *
   * @param wanted an index among those that the process sees, a UUID or a PCI address
   * @throws ReelsparkException BACKEND_UNAVAILABLE without a driver or GPU, INVALID_CONFIGURATION
   *     when no GPU has that name
   */
  public static CudaGpu open(String wanted) {
    return new CudaGpu(CudaDevice.open(wanted));
  }

  /** The name that means this GPU on every machine and in every process: {@code GPU-...}. */
  public String uuid() {
    return device.deviceName().uuid();
  }

  CudaDevice device() {
    return device;
  }

  /** Bytes of its memory that no process has. */
  public long freeBytes() {
    return device.memoryUsage().free();
  }

  /** Bytes of its memory. */
  public long totalBytes() {
    return device.memoryUsage().total();
  }

  /** One line: chip, names, memory. */
  public String describe() {
    DeviceMemory.Usage memory = device.memoryUsage();
    return "%s %s, compute capability %s, %d of %d bytes free"
        .formatted(
            device.name(), device.deviceName(), device.capability(), memory.free(), memory.total());
  }

  @Override
  public void close() {
    device.close();
  }
}
