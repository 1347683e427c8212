package org.reelspark.backend.cuda;

import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * How much of a GPU's memory a process reserves.
 *
 * @param byteSize to reserve
 * @param explanation how it came about, for the log
 */
record MemoryBudget(long byteSize, String explanation) {
  private static final long MIB = 1L << 20;

  /**
   * Works out the budget.
   *
   * @param wantedMib 0 for nine tenths of what is free
   * @throws ReelsparkException OUT_OF_MEMORY when less is free than wanted
   */
  static MemoryBudget of(int wantedMib, DeviceMemory.Usage usage) {
    if (wantedMib == 0) {
      // The rest is for the kernels' code, cuBLASLt, and libraries that share the GPU.
      long byteSize = usage.free() / 10 * 9;
      return new MemoryBudget(byteSize, explain(byteSize, usage, "nine tenths of what is free"));
    }
    long byteSize = wantedMib * MIB;
    if (byteSize > usage.free()) {
      throw new ReelsparkException(
          ErrorCode.OUT_OF_MEMORY,
          "spark.reelspark.gpu.memoryMib is %d, but only %d of the GPU's %d MiB are free; make it smaller, or stop what else uses the GPU (nvidia-smi shows it)"
              .formatted(wantedMib, usage.free() / MIB, usage.total() / MIB));
    }
    return new MemoryBudget(byteSize, explain(byteSize, usage, "spark.reelspark.gpu.memoryMib"));
  }

  private static String explain(long byteSize, DeviceMemory.Usage usage, String reason) {
    return "reserving %d of %d MiB of GPU memory (%s; %d MiB are free)"
        .formatted(byteSize / MIB, usage.total() / MIB, reason, usage.free() / MIB);
  }
}
