package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.MemorySpace;

/**
 * A file mapped read-only. Java bounds a mapping to 2 GiB, so a window of up to twice {@code
 * maxRange} starts at every multiple of it: any range of at most that length lies in one window.
 */
final class MappedFile {
  static final long MAX_RANGE = 1L << 30;

  private final long size;
  private final long maxRange;
  private final List<Window> windows;

  private MappedFile(long size, long maxRange, List<Window> windows) {
    this.size = size;
    this.maxRange = maxRange;
    this.windows = List.copyOf(windows);
  }

  /**
   * @param maxRange at most {@link #MAX_RANGE}
   */
  static MappedFile open(Path file, long maxRange) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      List<Window> windows = new ArrayList<>();
      for (long start = 0; start < size; start += maxRange) {
        long length = Math.min(2 * maxRange - 1, size - start);
        windows.add(Window.of(channel.map(MapMode.READ_ONLY, start, length)));
      }
      return new MappedFile(size, maxRange, windows);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file, e);
    }
  }

  long maxRange() {
    return maxRange;
  }

  /**
   * Bytes of the file, valid while the returned object is reachable.
   *
   * @param length at most {@link #maxRange}
   */
  Memory range(long offset, long length) {
    if (offset < 0 || length < 0 || length > maxRange || length > size - offset) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of a file of %d bytes".formatted(length, offset, size));
    }
    if (length == 0) {
      return new MappedRange(null, 0, 0);
    }
    Window window = windows.get((int) (offset / maxRange));
    return new MappedRange(window, window.address() + offset % maxRange, length);
  }

  private record Window(MappedByteBuffer buffer, long address) {
    static Window of(MappedByteBuffer buffer) {
      return new Window(buffer, HostMemory.address(buffer));
    }
  }

  /** Holds its window, because a mapping ends when its buffer is unreachable. */
  private record MappedRange(Window window, long address, long byteSize) implements Memory {
    @Override
    public MemorySpace space() {
      return MemorySpace.HOST;
    }

    @Override
    public void close() {}
  }
}
