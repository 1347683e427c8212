package org.reelspark.backend.cuda;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.IntSummaryStatistics;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Arrays of indices in device memory. A run passes the same array, which nobody changes, at every
 * step: copying it each time would cost more than the kernel that reads it.
 */
final class DeviceIndices implements AutoCloseable {
  private static final int MOST_ARRAYS = 4;

  private final CudaMemory memory;

  /** The last used first. */
  private final Deque<Copy> copies = new ArrayDeque<>();

  private record Copy(int[] array, Range range, Tensor tensor) {}

  /** The smallest and the largest of an array that has one at least. */
  private record Range(int smallest, int largest) {
    static Range of(int[] indices) {
      IntSummaryStatistics statistics = Arrays.stream(indices).summaryStatistics();
      return new Range(statistics.getMin(), statistics.getMax());
    }

    void requireWithin(long end) {
      if (smallest < 0 || largest >= end) {
        throw new IndexOutOfBoundsException(
            "indices from %d to %d, of %d".formatted(smallest, largest, end));
      }
    }
  }

  DeviceIndices(CudaMemory memory) {
    this.memory = memory;
  }

  /**
   * The array on the device, until {@value #MOST_ARRAYS} others have been asked for.
   *
   * @param indices at least one
   * @param end one more than the largest that is allowed
   */
  Tensor of(int[] indices, long end) {
    Copy copy = find(indices);
    copies.addFirst(copy);
    copy.range.requireWithin(end);
    return copy.tensor;
  }

  /** Takes it out of the queue, or makes it. */
  private Copy find(int[] indices) {
    for (Copy copy : copies) {
      if (copy.array == indices) {
        copies.remove(copy);
        return copy;
      }
    }
    if (copies.size() == MOST_ARRAYS) {
      copies.removeLast().tensor.close();
    }
    return new Copy(indices, Range.of(indices), upload(memory, indices));
  }

  /**
   * A copy of an array that is used once, to be closed.
   *
   * @param indices at least one
   * @param end one more than the largest that is allowed
   */
  static Tensor upload(CudaMemory memory, int[] indices, long end) {
    Range.of(indices).requireWithin(end);
    return upload(memory, indices);
  }

  private static Tensor upload(CudaMemory memory, int[] indices) {
    try (Tensor host = Tensor.allocateHost(DType.I32, Shape.of(indices.length))) {
      host.buffer().asIntBuffer().put(indices);
      return memory.upload(host, DType.I32);
    }
  }

  @Override
  public void close() {
    copies.forEach(copy -> copy.tensor.close());
    copies.clear();
  }
}
