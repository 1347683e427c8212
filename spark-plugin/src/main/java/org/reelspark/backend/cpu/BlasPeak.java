package org.reelspark.backend.cpu;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * A square product by OpenBLAS alone, each thread with as many of its rows: the rate to hold this
 * machine's other matrix products against. OpenBLAS's own threads would go on spinning after a
 * product, and take their time from whatever is measured next.
 */
public final class BlasPeak implements AutoCloseable {
  private final int size;
  private final WorkerPool pool;
  private final Tensor left;
  private final Tensor right;
  private final Tensor product;

  /**
   * @param size rows and columns of the matrices
   */
  public BlasPeak(int size, int threads) {
    Blas.load();
    this.size = size;
    this.pool = new WorkerPool(threads);
    this.left = ones();
    this.right = ones();
    this.product = ones();
  }

  private Tensor ones() {
    Tensor tensor = Tensor.allocateHost(DType.F32, Shape.of(size, size));
    FloatRows rows = FloatRows.of(tensor, 0, size);
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < size; column++) {
        rows.put(row, column, 1);
      }
    }
    return tensor;
  }

  public int size() {
    return size;
  }

  /** Floating-point operations of one product. */
  public double operations() {
    return 2.0 * size * size * size;
  }

  /** Computes the product once. */
  public void multiply() {
    int rows = (size + pool.threads() - 1) / pool.threads();
    pool.forEachRange(size, rows, (worker, from, to) -> multiply(from, to - from));
  }

  private void multiply(long firstRow, long rows) {
    long offset = firstRow * size * Float.BYTES;
    Blas.multiply(
        rows,
        size,
        size,
        1,
        Blas.Matrix.plain(left.address() + offset, size),
        Blas.Matrix.plain(right.address(), size),
        0,
        Blas.Matrix.plain(product.address() + offset, size));
  }

  @Override
  public void close() {
    pool.close();
    left.close();
    right.close();
    product.close();
  }
}
