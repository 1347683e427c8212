package org.reelspark.backend;

import java.util.List;
import org.reelspark.tensor.Tensor;

/**
 * Matrix products. Matrices are {@code [rows, columns]} views: leading dimensions are flattened.
 * The first of more than two counts frames: what one becomes does not depend on the others, on the
 * CPU bit for bit.
 */
public interface LinearOperations {
  /** {@code out[R, outputs] = activation(x[R, inputs] W^T + b)}. */
  void linear(Tensor x, Linear linear, Activation activation, Tensor out);

  /**
   * As {@link #linear(Tensor, Linear, Activation, Tensor)} without activation, for several layers
   * of the same x, whose weights have one type. A device that has to convert x does so once.
   */
  default void linear(Tensor x, List<Linear> layers, List<Tensor> outs) {
    for (int i = 0; i < layers.size(); i++) {
      linear(x, layers.get(i), Activation.NONE, outs.get(i));
    }
  }

  /**
   * Residual add: {@code residual[R, outputs] += gate * (x W^T + b)}.
   *
   * @param gate {@code [outputs]}, {@code [R, outputs]}, or null for no gate
   */
  void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual);
}
