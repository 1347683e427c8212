package org.reelspark.backend.cuda;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A block of a GPU's memory, 256-byte aligned. Freeing it waits for work that uses it. */
final class DeviceMemory implements Memory {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceMemory.class);
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicLong ALLOCATED = new AtomicLong();

  /** Bytes of a GPU's memory. */
  record Usage(long free, long total) {}

  private final long address;
  private final long byteSize;
  private final Allocation allocation;
  private final Cleaner.Cleanable cleanable;

  private DeviceMemory(CudaDevice device, DeviceAddress address, long byteSize) {
    this.address = address.value();
    this.byteSize = byteSize;
    this.allocation = new Allocation(device, address, byteSize);
    this.cleanable = CLEANER.register(this, allocation);
  }

  /**
   * Allocates uninitialised memory.
   *
   * @throws ReelsparkException OUT_OF_MEMORY when the GPU has too little left
   */
  static DeviceMemory allocate(CudaDevice device, long byteSize) {
    device.makeCurrent();
    DeviceAddress address = new DeviceAddress();
    // The driver refuses zero bytes, and an empty tensor has them.
    int result = JCudaDriver.cuMemAlloc(address, Math.max(1, byteSize));
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      Usage usage = device.memoryUsage();
      throw new ReelsparkException(
          ErrorCode.OUT_OF_MEMORY, refusal(byteSize, usage, ALLOCATED.get()));
    }
    CudaCalls.check(result, "cuMemAlloc of %d bytes".formatted(byteSize));
    ALLOCATED.addAndGet(byteSize);
    return new DeviceMemory(device, address, byteSize);
  }

  static String refusal(long byteSize, Usage usage, long own) {
    return "cannot allocate %d bytes of GPU memory: %d of %d bytes are free, %d are in use here; use a smaller size, fewer frames, or a GPU with more memory"
        .formatted(byteSize, usage.free(), usage.total(), own);
  }

  /** Bytes that are allocated and not yet freed in this JVM. */
  static long allocatedBytes() {
    return ALLOCATED.get();
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public MemorySpace space() {
    return MemorySpace.DEVICE;
  }

  @Override
  public void close() {
    allocation.closedByOwner = true;
    cleanable.clean();
  }

  private static final class Allocation implements Runnable {
    private final CudaDevice device;
    private final DeviceAddress address;
    private final long byteSize;
    private volatile boolean closedByOwner;

    Allocation(CudaDevice device, DeviceAddress address, long byteSize) {
      this.device = device;
      this.address = address;
      this.byteSize = byteSize;
    }

    @Override
    public void run() {
      if (!closedByOwner) {
        LOG.warn(
            "{} bytes of GPU memory were freed by the garbage collector, not by their owner",
            byteSize);
      }
      ALLOCATED.addAndGet(-byteSize);
      device.makeCurrent();
      CudaCalls.check(JCudaDriver.cuMemFree(address), "cuMemFree");
    }
  }
}
