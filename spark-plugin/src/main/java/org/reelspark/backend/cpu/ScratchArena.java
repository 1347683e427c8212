package org.reelspark.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.tensor.HostMemory;

/**
 * Memory that is taken piece by piece and given back all at once. It keeps what it has, so that an
 * operation that runs again allocates nothing. Not thread-safe.
 */
final class ScratchArena implements AutoCloseable {
  private static final long ALIGNMENT = 64;
  private static final long MINIMUM_BLOCK = 1 << 20;

  private final List<HostMemory> blocks = new ArrayList<>();
  private long used;
  private long taken;

  /**
   * Uninitialised memory for {@code count} floats, valid until the next reset.
   *
   * @return address, 64-byte aligned
   */
  long floats(long count) {
    return bytes(Math.multiplyExact(count, (long) Float.BYTES));
  }

  /** Uninitialised memory, valid until the next reset. */
  long bytes(long count) {
    long rounded = (count + ALIGNMENT - 1) & -ALIGNMENT;
    if (blocks.isEmpty() || used + rounded > last().byteSize()) {
      blocks.add(HostMemory.allocate(Math.max(rounded, MINIMUM_BLOCK)));
      used = 0;
    }
    long address = last().address() + used;
    used += rounded;
    taken += rounded;
    return address;
  }

  private HostMemory last() {
    return blocks.get(blocks.size() - 1);
  }

  /** Takes all memory back; several blocks become one that is large enough for all of them. */
  void reset() {
    if (blocks.size() > 1) {
      long needed = taken;
      close();
      blocks.add(HostMemory.allocate(needed));
    }
    used = 0;
    taken = 0;
  }

  @Override
  public void close() {
    blocks.forEach(HostMemory::close);
    blocks.clear();
    used = 0;
    taken = 0;
  }
}
