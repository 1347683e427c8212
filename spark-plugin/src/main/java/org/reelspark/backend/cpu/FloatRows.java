package org.reelspark.backend.cpu;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/**
 * Rows of 32-bit floats in host memory that one tile reads or writes, at most 2 GiB. It does not
 * keep the memory alive.
 */
final class FloatRows {
  private final ByteBuffer bytes;
  private final int stride;

  private FloatRows(ByteBuffer bytes, int stride) {
    this.bytes = bytes;
    this.stride = stride;
  }

  /** Rows {@code from} to {@code to} of the matrix whose columns are the last dimension. */
  static FloatRows of(Tensor matrix, long from, long to) {
    requireHostFloats(matrix);
    return at(
        matrix.address() + from * matrix.columns() * Float.BYTES, to - from, matrix.columns());
  }

  /** {@code rows} dense rows of {@code columns} floats at an address. */
  static FloatRows at(long address, long rows, long columns) {
    int byteSize = Math.toIntExact(rows * columns * Float.BYTES);
    return new FloatRows(HostMemory.view(address, byteSize), (int) columns);
  }

  /** One row that stands for every row. */
  static FloatRows repeated(Tensor row) {
    requireHostFloats(row);
    return new FloatRows(HostMemory.view(row.address(), Math.toIntExact(row.byteSize())), 0);
  }

  private static void requireHostFloats(Tensor tensor) {
    if (tensor.space() != MemorySpace.HOST || tensor.dtype() != DType.F32) {
      throw new IllegalArgumentException("not F32 in host memory: " + tensor);
    }
  }

  float get(int row, int column) {
    return bytes.getFloat((row * stride + column) * Float.BYTES);
  }

  void put(int row, int column, float value) {
    bytes.putFloat((row * stride + column) * Float.BYTES, value);
  }
}
