package org.reelspark.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** What every operation of the CPU backend works with. */
final class CpuRuntime implements AutoCloseable {
  /** Bytes of a tile of a row-wise operation: small enough for the second-level cache. */
  private static final long ROW_TILE_BYTES = 256 * 1024;

  private final WorkerPool pool;
  private final RowKernels kernels;
  private final Map<Float, Tensor> constants = new HashMap<>();

  CpuRuntime(int threads, RowKernels kernels) {
    this.pool = new WorkerPool(threads);
    this.kernels = kernels;
  }

  WorkerPool pool() {
    return pool;
  }

  RowKernels kernels() {
    return kernels;
  }

  /** Rows of a tile of a row-wise operation. */
  static long tileRows(long columns) {
    return Math.max(1, ROW_TILE_BYTES / Float.BYTES / Math.max(1, columns));
  }

  /** A row whose elements all have one value, which stands in for an absent bias or gate. */
  Tensor constantRow(float value, long columns) {
    Tensor row = constants.get(value);
    if (row == null || row.columns() < columns) {
      Tensor wider = Tensor.allocateHost(DType.F32, Shape.of(columns));
      for (int i = 0; i < columns; i++) {
        wider.buffer().putFloat(i * Float.BYTES, value);
      }
      if (row != null) {
        row.close();
      }
      constants.put(value, wider);
      row = wider;
    }
    return row.slice(0, columns);
  }

  @Override
  public void close() {
    pool.close();
    constants.values().forEach(Tensor::close);
    constants.clear();
  }
}
