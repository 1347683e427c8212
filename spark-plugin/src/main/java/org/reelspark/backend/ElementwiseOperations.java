package org.reelspark.backend;

import java.util.List;
import org.reelspark.tensor.Tensor;

/** Element-wise arithmetic; out may be one of the inputs. */
public interface ElementwiseOperations {
  /**
   * {@code out = sum_i coefficients[i] * inputs[i]}: guidance and scheduler updates.
   *
   * @param inputs one to six tensors of equal shape
   */
  void combine(float[] coefficients, List<Tensor> inputs, Tensor out);

  /** {@code out = a * b}. */
  void multiply(Tensor a, Tensor b, Tensor out);

  /** {@code out = activation(x)}. */
  void activate(Tensor x, Activation activation, Tensor out);

  /** {@code out[r, :] = x[r, :] + row}; row is {@code [columns]}. */
  void addRow(Tensor x, Tensor row, Tensor out);

  /** Whether every element is finite. */
  boolean isFinite(Tensor x);
}
