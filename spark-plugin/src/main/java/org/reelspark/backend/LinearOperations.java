package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Matrix products. Matrices are {@code [rows, columns]} views: leading dimensions are flattened.
 */
public interface LinearOperations {
  /** {@code out[R, outputs] = activation(x[R, inputs] W^T + b)}. */
  void linear(Tensor x, Linear linear, Activation activation, Tensor out);

  /**
   * Residual add: {@code residual[R, outputs] += gate * (x W^T + b)}.
   *
   * @param gate {@code [outputs]}, {@code [R, outputs]}, or null for no gate
   */
  void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual);
}
