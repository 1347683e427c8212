package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.HeadStrides;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/**
 * The rows of single heads of a query, key, value or output, whatever its layout.
 *
 * @param batchStride floats from one batch element to the next; the others alike
 */
record HeadRows(
    long address,
    int batch,
    int heads,
    int tokens,
    int dimension,
    long batchStride,
    long headStride,
    long tokenStride) {
  static HeadRows of(Tensor tensor, AttentionLayout layout) {
    Checks.floats(tensor);
    if (tensor.shape().rank() != 4) {
      throw new IllegalArgumentException("attention needs rank 4, found " + tensor);
    }
    HeadStrides strides = HeadStrides.of(tensor.shape(), layout);
    return new HeadRows(
        tensor.address(),
        strides.batch(),
        strides.heads(),
        strides.tokens(),
        strides.dimension(),
        strides.batchStride(),
        strides.headStride(),
        strides.tokenStride());
  }

  /** Copies tokens {@code from} to {@code from + count} of a head into an array. */
  void read(int batchIndex, int head, int from, int count, float[] into, int offset) {
    FloatBuffer rows = view(batchIndex, head, from, count);
    for (int token = 0; token < count; token++) {
      rows.get(Math.toIntExact(token * tokenStride), into, offset + token * dimension, dimension);
    }
  }

  /** Copies the start of an array over tokens {@code from} to {@code from + count} of a head. */
  void write(int batchIndex, int head, int from, int count, float[] values) {
    FloatBuffer rows = view(batchIndex, head, from, count);
    for (int token = 0; token < count; token++) {
      rows.put(Math.toIntExact(token * tokenStride), values, token * dimension, dimension);
    }
  }

  private FloatBuffer view(int batchIndex, int head, int from, int count) {
    long first = batchIndex * batchStride + head * headStride + from * tokenStride;
    long floats = (count - 1) * tokenStride + dimension;
    return HostMemory.view(address + first * Float.BYTES, Math.toIntExact(floats * Float.BYTES))
        .asFloatBuffer();
  }
}
