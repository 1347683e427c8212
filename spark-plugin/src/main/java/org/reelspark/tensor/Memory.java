package org.reelspark.tensor;

/** A block of memory outside the Java heap, on the host or on a device, with one owner. */
public interface Memory extends AutoCloseable {
  /** Address of the first byte, in the address space of {@link #space()}. */
  long address();

  long byteSize();

  MemorySpace space();

  /** Frees the block when this object owns it. Idempotent. */
  @Override
  void close();
}
