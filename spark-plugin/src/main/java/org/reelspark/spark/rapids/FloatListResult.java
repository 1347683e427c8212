package org.reelspark.spark.rapids;

import ai.rapids.cudf.ColumnVector;
import ai.rapids.cudf.ColumnView;
import ai.rapids.cudf.DType;
import ai.rapids.cudf.DeviceMemoryBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** A column of lists of FLOAT32 in the making, in memory of RAPIDS. */
final class FloatListResult implements AutoCloseable {
  /** RAPIDS reads the bits of nulls in blocks of so many bytes. */
  private static final int VALIDITY_BYTES = 64;

  /** Length of a row that is null. */
  static final int NULL = -1;

  private final int[] offsets;
  private final byte[] validity;
  private final long nulls;
  private final DeviceMemoryBuffer floats;

  /** What no column owns yet. */
  private final List<DeviceMemoryBuffer> owned = new ArrayList<>();

  private FloatListResult(int[] offsets, byte[] validity, long nulls) {
    this.offsets = offsets;
    this.validity = validity;
    this.nulls = nulls;
    // An allocation of nothing would have no address.
    floats = own(DeviceMemoryBuffer.allocate(Math.max(1, elements()) * Float.BYTES));
  }

  /**
   * Uninitialised lists.
   *
   * @param lengths of the rows, or {@link #NULL}
   */
  static FloatListResult allocate(int[] lengths) {
    int[] offsets = new int[lengths.length + 1];
    int rowsOfBlock = VALIDITY_BYTES * Byte.SIZE;
    byte[] validity = new byte[(lengths.length + rowsOfBlock - 1) / rowsOfBlock * VALIDITY_BYTES];
    long nulls = 0;
    for (int row = 0; row < lengths.length; row++) {
      boolean isNull = lengths[row] == NULL;
      offsets[row + 1] = Math.addExact(offsets[row], isNull ? 0 : lengths[row]);
      if (isNull) {
        nulls++;
      } else {
        validity[row / Byte.SIZE] |= (byte) (1 << (row % Byte.SIZE));
      }
    }
    return new FloatListResult(offsets, validity, nulls);
  }

  private DeviceMemoryBuffer own(DeviceMemoryBuffer buffer) {
    owned.add(buffer);
    return buffer;
  }

  private long elements() {
    return offsets[rows()];
  }

  private int rows() {
    return offsets.length - 1;
  }

  /** A view of a row to be written. */
  Tensor tensor(int row, Shape shape) {
    return Tensor.view(
        org.reelspark.tensor.DType.F32,
        shape,
        BorrowedMemory.of(floats),
        (long) offsets[row] * Float.BYTES);
  }

  /** The column, which the caller closes. */
  ColumnVector toColumn() {
    DeviceMemoryBuffer offsetsOnDevice = own(DeviceCopies.toDevice(offsets));
    DeviceMemoryBuffer validityOnDevice = nulls == 0 ? null : own(DeviceCopies.toDevice(validity));
    try (ColumnView values =
        new ColumnView(DType.FLOAT32, elements(), Optional.of(0L), floats, null)) {
      ColumnVector column =
          new ColumnVector(
              DType.LIST,
              rows(),
              Optional.of(nulls),
              null,
              validityOnDevice,
              offsetsOnDevice,
              List.of(floats),
              new long[] {values.getNativeView()});
      owned.clear();
      return column;
    }
  }

  @Override
  public void close() {
    owned.forEach(DeviceMemoryBuffer::close);
    owned.clear();
  }
}
