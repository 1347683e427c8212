package ai.rapids.cudf;

import java.util.concurrent.atomic.AtomicLong;

/** Stand-in for a block of memory. */
public abstract class MemoryBuffer implements AutoCloseable {
  /** Blocks that their owners have not closed. */
  static final AtomicLong OPEN = new AtomicLong();

  private enum Ownership {
    OWNER,
    VIEW
  }

  private final long address;
  private final long length;
  private final Ownership ownership;
  private boolean closed;

  /** Allocates. */
  MemoryBuffer(long length) {
    this.address = HostAddresses.UNSAFE.allocateMemory(Math.max(1, length));
    this.length = length;
    this.ownership = Ownership.OWNER;
    OPEN.incrementAndGet();
  }

  /** A view of another's memory. */
  MemoryBuffer(long address, long length) {
    this.address = address;
    this.length = length;
    this.ownership = Ownership.VIEW;
  }

  public final long getAddress() {
    return address;
  }

  public final long getLength() {
    return length;
  }

  final void check(long offset, long bytes) {
    if (closed || offset < 0 || bytes < 0 || offset + bytes > length) {
      throw new IllegalStateException(
          "bytes %d+%d of %d, closed: %s".formatted(offset, bytes, length, closed));
    }
  }

  final void copyFrom(MemoryBuffer source) {
    check(0, source.length);
    source.check(0, source.length);
    HostAddresses.UNSAFE.copyMemory(source.address, address, source.length);
  }

  @Override
  public synchronized void close() {
    if (ownership == Ownership.VIEW) {
      return;
    }
    if (closed) {
      throw new IllegalStateException("closed twice");
    }
    closed = true;
    OPEN.decrementAndGet();
    HostAddresses.UNSAFE.freeMemory(address);
  }
}
