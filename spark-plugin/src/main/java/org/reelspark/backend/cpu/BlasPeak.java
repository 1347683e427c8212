package org.reelspark.backend.cpu;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * A square product by OpenBLAS alone on its own threads: the rate to hold this machine's other
 * matrix products against. While it runs, no backend of this JVM may compute.
 */
public final class BlasPeak implements AutoCloseable {
  private final int size;
  private final int threads;
  private final Tensor left;
  private final Tensor right;
  private final Tensor product;

  /**
   * @param size rows and columns of the matrices
   */
  public BlasPeak(int size, int threads) {
    Blas.load();
    this.size = size;
    this.threads = threads;
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
    Blas.useThreads(threads);
    try {
      Blas.multiply(
          size,
          size,
          size,
          1,
          Blas.Matrix.plain(left.address(), size),
          Blas.Matrix.plain(right.address(), size),
          0,
          Blas.Matrix.plain(product.address(), size));
    } finally {
      Blas.useThreads(1);
    }
  }

  @Override
  public void close() {
    left.close();
    right.close();
    product.close();
  }
}
