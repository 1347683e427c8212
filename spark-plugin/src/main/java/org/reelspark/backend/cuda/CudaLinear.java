package org.reelspark.backend.cuda;

import java.util.List;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.LinearOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Linear layers. What is multiplied has the type of the weight: x is converted to it first where it
 * differs. Sums have 32 bits whatever the type of the result; 8-bit layers write activations.
 */
final class CudaLinear implements LinearOperations {
  private static final int ALIGNMENT = 16;

  private final MatrixProducts products;
  private final CudaMemory memory;
  private final CudaElementwise elementwise;
  private final CudaQuantisation quantisation;

  CudaLinear(
      MatrixProducts products,
      CudaMemory memory,
      CudaElementwise elementwise,
      CudaQuantisation quantisation) {
    this.products = products;
    this.memory = memory;
    this.elementwise = elementwise;
    this.quantisation = quantisation;
  }

  @Override
  public void linear(Tensor x, Linear linear, Activation activation, Tensor out) {
    check(x, linear, out);
    boolean hasBias = linear.bias() != null;
    MatrixProduct.Epilogue plain = plainEpilogue(linear);
    try (ScaledRows operand = operand(x, linear)) {
      switch (activation) {
        case NONE -> multiply(operand, linear, plain, 0, out);
        case GELU_TANH ->
            multiply(
                operand,
                linear,
                hasBias ? MatrixProduct.Epilogue.GELU_BIAS : MatrixProduct.Epilogue.GELU,
                0,
                out);
        case SILU -> {
          multiply(operand, linear, plain, 0, out);
          elementwise.activate(out, Activation.SILU, out);
        }
      }
    }
  }

  @Override
  public void linear(Tensor x, List<Linear> layers, List<Tensor> outs) {
    Checks.size("outputs", layers.size(), outs.size());
    for (int i = 0; i < layers.size(); i++) {
      check(x, layers.get(i), outs.get(i));
      Checks.sameType(layers.get(0).weight(), layers.get(i).weight());
    }
    try (ScaledRows operand = operand(x, layers.get(0))) {
      for (int i = 0; i < layers.size(); i++) {
        Linear linear = layers.get(i);
        multiply(operand, linear, plainEpilogue(linear), 0, outs.get(i));
      }
    }
  }

  @Override
  public void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual) {
    check(x, linear, residual);
    MatrixProduct.Epilogue epilogue = plainEpilogue(linear);
    if (gate == null && !isEightBit(linear)) {
      try (ScaledRows operand = operand(x, linear)) {
        multiply(operand, linear, epilogue, 1, residual);
      }
      return;
    }
    // As an activation: what is added to is more exact than what is added.
    DType branchType = isEightBit(linear) ? memory.activationType() : linear.weight().dtype();
    try (Tensor branch = memory.allocate(branchType, residual.shape());
        ScaledRows operand = operand(x, linear)) {
      multiply(operand, linear, epilogue, 0, branch);
      elementwise.gatedAdd(branch, gate, residual);
    }
  }

  private static MatrixProduct.Epilogue plainEpilogue(Linear linear) {
    return linear.bias() == null ? MatrixProduct.Epilogue.NONE : MatrixProduct.Epilogue.BIAS;
  }

  private static boolean isEightBit(Linear linear) {
    return linear.weight().dtype() == DType.F8_E4M3;
  }

  private void multiply(
      ScaledRows x, Linear linear, MatrixProduct.Epilogue epilogue, float beta, Tensor out) {
    if (out.elementCount() == 0) {
      return;
    }
    if (isEightBit(linear)) {
      Checks.type(memory.activationType(), out);
    }
    try (Tensor bias = linear.bias() == null ? null : inType(out.dtype(), linear.bias())) {
      Checks.aligned(ALIGNMENT, x.values(), linear.weight(), out);
      if (bias != null) {
        Checks.aligned(ALIGNMENT, bias);
      }
      products.enqueue(
          new MatrixProduct(
              out.rows(),
              linear.outputs(),
              linear.inputs(),
              new MatrixProduct.Strides(linear.inputs(), linear.inputs(), linear.outputs()),
              linear.weight().dtype(),
              out.dtype(),
              MatrixProduct.WeightLayout.OUTPUT_MAJOR,
              epilogue),
          new MatrixProducts.Operands(
              x.values().address(),
              addressOrNull(x.scales()),
              linear.weight().address(),
              addressOrNull(linear.scales()),
              addressOrNull(bias),
              out.address(),
              beta));
    }
  }

  private static long addressOrNull(Tensor tensor) {
    return tensor == null ? 0 : tensor.address();
  }

  /** What a layer multiplies, to be closed: a view of x, or a converted copy. */
  private ScaledRows operand(Tensor x, Linear linear) {
    return isEightBit(linear)
        ? quantisation.quantise(x)
        : new ScaledRows(inType(linear.weight().dtype(), x), null);
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
    Checks.floats(x, out);
    checkWeight(linear);
    Checks.size("columns of x", linear.inputs(), x.columns());
    Checks.size("columns of out", linear.outputs(), out.columns());
    Checks.size("rows of out", x.rows(), out.rows());
    Checks.disjoint(out, x);
    if (linear.bias() != null) {
      Checks.floats(linear.bias());
      Checks.shape("bias", linear.bias(), linear.outputs());
    }
  }

  private static void checkWeight(Linear linear) {
    if (isEightBit(linear)) {
      Checks.floats(linear.scales());
      Checks.type(DType.F32, linear.scales());
      Checks.shape("scales", linear.scales(), linear.outputs());
    } else {
      Checks.floats(linear.weight());
    }
  }
}
