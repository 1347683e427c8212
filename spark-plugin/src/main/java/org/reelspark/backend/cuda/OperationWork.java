package org.reelspark.backend.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.Tensor;

/**
 * The least that an operation of a backend has to do, counted from its arguments.
 *
 * @param operations multiplications and additions of its matrix products, as if nothing were
 *     skipped; 0 for an operation without any
 * @param bytes of its tensors, each read or written once
 */
public record OperationWork(double operations, double bytes) {
  static final OperationWork NONE = new OperationWork(0, 0);

  /**
   * @param arguments of a method of {@link org.reelspark.backend.Backend}
   */
  static OperationWork of(Object... arguments) {
    double bytes = Arrays.stream(arguments).mapToDouble(OperationWork::bytes).sum();
    return new OperationWork(operations(arguments), bytes);
  }

  OperationWork plus(OperationWork other) {
    return new OperationWork(operations + other.operations, bytes + other.bytes);
  }

  private static double operations(Object[] arguments) {
    if (arguments.length > 0 && arguments[0] instanceof AttentionInputs inputs) {
      return attention(inputs);
    }
    return Arrays.stream(arguments)
        .flatMap(a -> a instanceof List<?> several ? several.stream() : Stream.of(a))
        .mapToDouble(weights -> operations(weights, arguments))
        .sum();
  }

  /** Of the layer that an argument is; x comes first, and what a convolution writes last. */
  private static double operations(Object weights, Object[] arguments) {
    if (weights instanceof Linear linear) {
      return 2.0 * linear.inputs() * linear.outputs() * ((Tensor) arguments[0]).rows();
    }
    if (weights instanceof Convolution convolution) {
      double taps =
          (double) convolution.kernelFrames()
              * convolution.kernelHeight()
              * convolution.kernelWidth();
      Tensor out = (Tensor) arguments[arguments.length - 1];
      return 2 * taps * convolution.inputs() * out.elementCount();
    }
    return 0;
  }

  private static double attention(AttentionInputs inputs) {
    return 4.0 * inputs.query().elementCount() * inputs.keyTokens();
  }

  private static double bytes(Object argument) {
    if (argument instanceof Tensor tensor) {
      return tensor.byteSize();
    }
    if (argument instanceof List<?> several) {
      return several.stream().mapToDouble(OperationWork::bytes).sum();
    }
    if (argument instanceof Linear linear) {
      return bytes(linear.weight()) + bytes(linear.scales()) + bytes(linear.bias());
    }
    if (argument instanceof Convolution convolution) {
      return bytes(convolution.weight()) + bytes(convolution.bias()) + bytes(convolution.gamma());
    }
    if (argument instanceof AttentionInputs inputs) {
      return bytes(inputs.query()) + bytes(inputs.key()) + bytes(inputs.value());
    }
    if (argument instanceof RotaryTable table) {
      return bytes(table.cos()) + bytes(table.sin());
    }
    return 0;
  }
}
