package org.reelspark.tensor;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Host memory outside the Java heap, 64-byte aligned so that vector loads never split a cache line.
 * Not bounded by {@code -XX:MaxDirectMemorySize}, because model weights are larger than heaps.
 */
public final class HostMemory implements Memory {
  private static final Logger LOG = LoggerFactory.getLogger(HostMemory.class);
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int ALIGNMENT = 64;
  private static final AtomicLong ALLOCATED = new AtomicLong();
  private static final AtomicLong UNCLOSED = new AtomicLong();

  private final long address;
  private final long byteSize;
  private final Cleaner.Cleanable cleanable;
  private final Allocation allocation;

  private HostMemory(long address, long byteSize, Allocation allocation) {
    this.address = address;
    this.byteSize = byteSize;
    this.allocation = allocation;
    this.cleanable = CLEANER.register(this, allocation);
  }

  /**
   * Allocates uninitialised memory.
   *
   * @throws ReelsparkException OUT_OF_MEMORY when the operating system refuses
   */
  public static HostMemory allocate(long byteSize) {
    Pointer raw = Pointer.malloc(byteSize + ALIGNMENT);
    if (raw == null || raw.isNull()) {
      throw new ReelsparkException(
          ErrorCode.OUT_OF_MEMORY,
          "cannot allocate %d bytes of host memory (%d bytes are in use); use a smaller size, fewer frames, or a machine with more memory"
              .formatted(byteSize, ALLOCATED.get()));
    }
    ALLOCATED.addAndGet(byteSize);
    UNCLOSED.addAndGet(byteSize);
    long aligned = (raw.address() + ALIGNMENT - 1) & -ALIGNMENT;
    return new HostMemory(aligned, byteSize, new Allocation(raw, byteSize));
  }

  /** Bytes that are allocated and not yet freed in this JVM. */
  public static long allocatedBytes() {
    return ALLOCATED.get();
  }

  /**
   * Bytes that were allocated and never closed by their owner, also where the garbage collector has
   * freed them since. Work that closes all it opens leaves this number as it was, whatever the
   * collector does meanwhile.
   */
  public static long unclosedBytes() {
    return UNCLOSED.get();
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
    return MemorySpace.HOST;
  }

  /**
   * A little-endian view. It does not keep the memory alive: use it only while this object is
   * reachable and open.
   *
   * @param length bytes, at most {@link Integer#MAX_VALUE}
   */
  public static ByteBuffer view(long address, int length) {
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    return new AddressedBytes(address, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Address of the next byte of a direct buffer, such as a mapped file. It does not keep the buffer
   * alive.
   */
  public static long address(ByteBuffer direct) {
    try (BytePointer pointer = new BytePointer(direct)) {
      return pointer.address() + direct.position();
    }
  }

  /** Copies bytes from one address to another; the ranges may overlap. */
  public static void copy(long source, long target, long byteSize) {
    Pointer.memmove(
        new AddressedBytes(target, byteSize), new AddressedBytes(source, byteSize), byteSize);
  }

  @Override
  public void close() {
    try {
      allocation.closedByOwner = true;
      cleanable.clean();
    } finally {
      // Were it found unreachable before, the collector's thread would free it, at any later time.
      Reference.reachabilityFence(this);
    }
  }

  private static final class AddressedBytes extends BytePointer {
    AddressedBytes(long address, long length) {
      super((Pointer) null);
      this.address = address;
      this.limit = length;
      this.capacity = length;
    }
  }

  private static final class Allocation implements Runnable {
    private final Pointer raw;
    private final long byteSize;
    private volatile boolean closedByOwner;

    Allocation(Pointer raw, long byteSize) {
      this.raw = raw;
      this.byteSize = byteSize;
    }

    @Override
    public void run() {
      if (closedByOwner) {
        UNCLOSED.addAndGet(-byteSize);
      } else {
        LOG.warn(
            "{} bytes of host memory were freed by the garbage collector, not by their owner",
            byteSize);
      }
      Pointer.free(raw);
      ALLOCATED.addAndGet(-byteSize);
    }
  }
}
