package org.reelspark.tensor;

/** Where a block of memory lives. */
public enum MemorySpace {
  HOST,
  DEVICE
}
