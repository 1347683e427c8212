package org.reelspark.backend.cuda;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.LinearOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Linear layers. What is multiplied has the type of the weight: x is converted to it first where it
 * differs. Sums have 32 bits whatever the type of the result.
 */
final class CudaLinear implements LinearOperations {
  private static final int ALIGNMENT = 16;

  private final MatrixProducts products;
  private final CudaMemory memory;
  private final CudaElementwise elementwise;

  CudaLinear(MatrixProducts products, CudaMemory memory, CudaElementwise elementwise) {
    this.products = products;
    this.memory = memory;
    this.elementwise = elementwise;
  }

  @Override
  public void linear(Tensor x, Linear linear, Activation activation, Tensor out) {
    check(x, linear, out);
    boolean hasBias = linear.bias() != null;
    MatrixProduct.Epilogue plain =
        hasBias ? MatrixProduct.Epilogue.BIAS : MatrixProduct.Epilogue.NONE;
    switch (activation) {
      case NONE -> multiply(x, linear, plain, 0, out);
      case GELU_TANH ->
          multiply(
              x,
              linear,
              hasBias ? MatrixProduct.Epilogue.GELU_BIAS : MatrixProduct.Epilogue.GELU,
              0,
              out);
      case SILU -> {
        multiply(x, linear, plain, 0, out);
        elementwise.activate(out, Activation.SILU, out);
      }
    }
  }

  @Override
  public void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual) {
    check(x, linear, residual);
    MatrixProduct.Epilogue epilogue =
        linear.bias() == null ? MatrixProduct.Epilogue.NONE : MatrixProduct.Epilogue.BIAS;
    if (gate == null) {
      multiply(x, linear, epilogue, 1, residual);
      return;
    }
    // In the type of the weight, as all activations: what is added to is more exact than what is
    // added.
    try (Tensor branch = memory.allocate(linear.weight().dtype(), residual.shape())) {
      multiply(x, linear, epilogue, 0, branch);
      elementwise.gatedAdd(branch, gate, residual);
    }
  }

  private void multiply(
      Tensor x, Linear linear, MatrixProduct.Epilogue epilogue, float beta, Tensor out) {
    if (out.elementCount() == 0) {
      return;
    }
    try (Tensor operand = inType(linear.weight().dtype(), x);
        Tensor bias = linear.bias() == null ? null : inType(out.dtype(), linear.bias())) {
      Checks.aligned(ALIGNMENT, operand, linear.weight(), out);
      if (bias != null) {
        Checks.aligned(ALIGNMENT, bias);
      }
      products.enqueue(
          new MatrixProduct(
              x.rows(),
              linear.outputs(),
              linear.inputs(),
              new MatrixProduct.Strides(linear.inputs(), linear.inputs(), linear.outputs()),
              linear.weight().dtype(),
              out.dtype(),
              MatrixProduct.WeightLayout.OUTPUT_MAJOR,
              epilogue),
          new MatrixProducts.Operands(
              operand.address(),
              linear.weight().address(),
              bias == null ? 0 : bias.address(),
              out.address(),
              beta));
    }
  }

  /** A view, or a converted copy, to be closed. */
  private Tensor inType(DType type, Tensor tensor) {
    if (tensor.dtype() == type) {
      return tensor.reshape(tensor.shape().toArray());
    }
    Tensor converted = memory.allocate(type, tensor.shape());
    memory.convert(tensor, converted);
    return converted;
  }

  private static void check(Tensor x, Linear linear, Tensor out) {
    Checks.floats(x, linear.weight(), out);
    Checks.size("columns of x", linear.inputs(), x.columns());
    Checks.size("columns of out", linear.outputs(), out.columns());
    Checks.size("rows of out", x.rows(), out.rows());
    Checks.disjoint(out, x);
    if (linear.bias() != null) {
      Checks.floats(linear.bias());
      Checks.shape("bias", linear.bias(), linear.outputs());
    }
  }
}
