package org.reelspark.backend.cuda;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One block of a GPU's memory, reserved at once and handed out in pieces. What is given back can be
 * used again at once, without waiting for the GPU, because all work on the arena's memory is on one
 * stream: who gets a piece next is enqueued behind who had it.
 */
final class DeviceArena implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceArena.class);
  private static final long ALIGNMENT = 256;

  private final DeviceMemory memory;

  /** Sizes by offset; no two of them touch. */
  private final TreeMap<Long, Long> free = new TreeMap<>();

  private long used;
  private long mostUsed;

  private DeviceArena(DeviceMemory memory) {
    this.memory = memory;
    free.put(0L, memory.byteSize());
  }

  /**
   * Takes memory from the GPU.
   *
   * @throws ReelsparkException OUT_OF_MEMORY when the GPU has too little left
   */
  static DeviceArena reserve(CudaDevice device, long byteSize) {
    return new DeviceArena(DeviceMemory.allocate(device, roundUp(byteSize)));
  }

  /**
   * Uninitialised memory, 256-byte aligned.
   *
   * @throws ReelsparkException OUT_OF_MEMORY when no free piece is large enough
   */
  synchronized Memory allocate(long byteSize) {
    long wanted = Math.max(ALIGNMENT, roundUp(byteSize));
    // The smallest piece that does leaves large ones for large tensors.
    Optional<Map.Entry<Long, Long>> best =
        free.entrySet().stream()
            .filter(piece -> piece.getValue() >= wanted)
            .min(Comparator.comparingLong(Map.Entry::getValue));
    if (best.isEmpty()) {
      throw new ReelsparkException(ErrorCode.OUT_OF_MEMORY, refusal(byteSize));
    }
    long offset = best.get().getKey();
    long left = best.get().getValue() - wanted;
    free.remove(offset);
    if (left > 0) {
      free.put(offset + wanted, left);
    }
    used += wanted;
    mostUsed = Math.max(mostUsed, used);
    return new Piece(offset, wanted, byteSize);
  }

  private String refusal(long byteSize) {
    long largest = free.values().stream().mapToLong(Long::longValue).max().orElse(0);
    return "cannot allocate %d bytes of GPU memory: of the %d bytes that this process reserved %d are in use, and the largest free piece has %d; use a smaller size, fewer frames, or more of the GPU's memory (spark.reelspark.gpu.memoryMib)"
        .formatted(byteSize, memory.byteSize(), used, largest);
  }

  long byteSize() {
    return memory.byteSize();
  }

  /** Bytes that are handed out. */
  synchronized long used() {
    return used;
  }

  /** The most bytes that were handed out at a time. */
  synchronized long mostUsed() {
    return mostUsed;
  }

  private synchronized void giveBack(long from, long size) {
    long offset = from;
    long end = from + size;
    Map.Entry<Long, Long> before = free.lowerEntry(from);
    if (before != null && before.getKey() + before.getValue() == from) {
      offset = before.getKey();
    }
    Long after = free.remove(end);
    if (after != null) {
      end += after;
    }
    free.put(offset, end - offset);
    used -= size;
  }

  private static long roundUp(long byteSize) {
    return Math.addExact(byteSize, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Frees all memory, handed out or not, once the GPU is done with it. */
  @Override
  public synchronized void close() {
    if (used > 0) {
      LOG.warn("{} bytes of GPU memory were never given back by their owners", used);
    }
    memory.close();
  }

  private final class Piece implements Memory {
    private final long offset;
    private final long reserved;
    private final long byteSize;
    private boolean closed;

    Piece(long offset, long reserved, long byteSize) {
      this.offset = offset;
      this.reserved = reserved;
      this.byteSize = byteSize;
    }

    @Override
    public long address() {
      return memory.address() + offset;
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
      synchronized (DeviceArena.this) {
        if (!closed) {
          closed = true;
          giveBack(offset, reserved);
        }
      }
    }
  }
}
