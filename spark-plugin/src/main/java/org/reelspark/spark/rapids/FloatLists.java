package org.reelspark.spark.rapids;

import ai.rapids.cudf.BaseDeviceMemoryBuffer;
import ai.rapids.cudf.ColumnView;
import ai.rapids.cudf.DeviceMemoryBuffer;
import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.StreamAttention;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** A column of lists of FLOAT32, which stay where they lie. */
final class FloatLists implements AutoCloseable {
  private final String name;
  private final Lists lists;
  private final Validity elements;
  private final BaseDeviceMemoryBuffer floats;
  private final List<DeviceMemoryBuffer> copies = new ArrayList<>();

  private FloatLists(String name, Lists lists, Validity elements, BaseDeviceMemoryBuffer floats) {
    this.name = name;
    this.lists = lists;
    this.elements = elements;
    this.floats = floats;
  }

  /**
   * @param column outlives the result
   */
  static FloatLists of(String name, ColumnView column, int rows) {
    try (ColumnView child = column.getChildColumnView(0)) {
      return new FloatLists(name, Lists.of(column, rows), Validity.of(child), child.getData());
    }
  }

  boolean isNull(int row) {
    return lists.isNull(row);
  }

  int length(int row) {
    return lists.length(row);
  }

  /**
   * @throws ReelsparkException INVALID_OPTION
   */
  void requireNoNullIn(int row) {
    for (int element = lists.start(row); element < lists.end(row); element++) {
      if (elements.isNull(element)) {
        throw new ReelsparkException(
            ErrorCode.INVALID_OPTION,
            "sparse_attention: %s has a null at place %d"
                .formatted(name, element - lists.start(row)));
      }
    }
  }

  /**
   * A view of a row, or of a copy when it does not lie as attention needs it: behind a row of any
   * length that has no result, because another argument is null.
   */
  Tensor tensor(int row, Shape shape) {
    long offset = (long) lists.start(row) * Float.BYTES;
    if ((floats.getAddress() + offset) % StreamAttention.ALIGNMENT == 0) {
      return Tensor.view(DType.F32, shape, BorrowedMemory.of(floats), offset);
    }
    DeviceMemoryBuffer copy = floats.sliceWithCopy(offset, (long) lists.length(row) * Float.BYTES);
    copies.add(copy);
    return Tensor.view(DType.F32, shape, BorrowedMemory.of(copy), 0);
  }

  @Override
  public void close() {
    copies.forEach(DeviceMemoryBuffer::close);
    copies.clear();
  }
}
