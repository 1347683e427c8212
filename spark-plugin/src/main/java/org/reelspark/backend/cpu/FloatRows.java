package org.reelspark.backend.cpu;

import java.nio.ByteBuffer;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/**
 * Rows of 32-bit floats in host memory that one tile reads or writes, at most 2 GiB. It does not
 * keep the memory alive.
 */
final class FloatRows {
  private final ByteBuffer bytes;
  private final Object region;
  private final int stride;

  private FloatRows(ByteBuffer bytes, int stride) {
    this.bytes = bytes;
    this.region = VectorSupport.available() ? VectorMemory.region(bytes) : bytes;
    this.stride = stride;
  }

  /** Rows {@code from} to {@code to} of the matrix whose columns are the last dimension. */
  static FloatRows of(Tensor matrix, long from, long to) {
    Checks.floats(matrix);
    return at(
        matrix.address() + from * matrix.columns() * Float.BYTES, to - from, matrix.columns());
  }

  /** {@code rows} dense rows of {@code columns} floats at an address. */
  static FloatRows at(long address, long rows, long columns) {
    return at(address, rows, columns, columns);
  }

  /** {@code rows} rows of {@code columns} floats, each {@code stride} floats after the last. */
  static FloatRows at(long address, long rows, long columns, long stride) {
    long count = rows == 0 ? 0 : (rows - 1) * stride + columns;
    int byteSize = Math.toIntExact(count * Float.BYTES);
    return new FloatRows(HostMemory.view(address, byteSize), Math.toIntExact(stride));
  }

  /** One row that stands for every row. */
  static FloatRows repeated(Tensor row) {
    Checks.floats(row);
    return repeated(row.address(), row.elementCount());
  }

  /** One row of {@code columns} floats that stands for every row. */
  static FloatRows repeated(long address, long columns) {
    return at(address, 1, columns, 0);
  }

  /** The memory as {@link VectorMemory} takes it. */
  Object region() {
    return region;
  }

  /** Bytes from the start of the region to an element. */
  long byteOffset(int row, int column) {
    return ((long) row * stride + column) * Float.BYTES;
  }

  float get(int row, int column) {
    return bytes.getFloat((int) byteOffset(row, column));
  }

  void put(int row, int column, float value) {
    bytes.putFloat((int) byteOffset(row, column), value);
  }
}
