package org.reelspark.backend.cpu;

/** What every operation of the CPU backend works with. */
final class CpuRuntime implements AutoCloseable {
  /** Bytes of a tile of a row-wise operation: small enough for the second-level cache. */
  private static final long ROW_TILE_BYTES = 256 * 1024;

  private final WorkerPool pool;
  private final RowKernels kernels;

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

  @Override
  public void close() {
    pool.close();
  }
}
