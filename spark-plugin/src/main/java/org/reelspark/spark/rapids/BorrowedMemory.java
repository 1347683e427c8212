package org.reelspark.spark.rapids;

import ai.rapids.cudf.BaseDeviceMemoryBuffer;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;

/** GPU memory of RAPIDS, which stays its owner's to close. */
record BorrowedMemory(long address, long byteSize) implements Memory {
  static BorrowedMemory of(BaseDeviceMemoryBuffer buffer) {
    return new BorrowedMemory(buffer.getAddress(), buffer.getLength());
  }

  @Override
  public MemorySpace space() {
    return MemorySpace.DEVICE;
  }

  @Override
  public void close() {}
}
