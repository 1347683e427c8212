package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/** Operations in double precision, one formula each, and the comparison with them. */
final class Expected {
  private Expected() {}

  static double[] linear(Tensor x, Linear linear) {
    int inputs = (int) linear.inputs();
    int outputs = (int) linear.outputs();
    float[] values = x.toFloats();
    float[] weight = linear.weight().toFloats();
    float[] bias = linear.bias() == null ? new float[outputs] : linear.bias().toFloats();
    double[] result = new double[(int) x.rows() * outputs];
    for (int i = 0; i < result.length; i++) {
      int row = i / outputs;
      int output = i % outputs;
      double sum = bias[output];
      for (int k = 0; k < inputs; k++) {
        sum += (double) values[row * inputs + k] * weight[output * inputs + k];
      }
      result[i] = sum;
    }
    return result;
  }

  static double[] doubles(Tensor tensor) {
    float[] values = tensor.toFloats();
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  static double activate(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> x / (1 + Math.exp(-x));
      case GELU_TANH ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    };
  }

  /** Every element differs by at most the tolerance times max(1, the largest magnitude). */
  static void assertClose(Tensor actual, double[] expected, double tolerance) {
    float[] values = actual.toFloats();
    assertThat(values).hasSameSizeAs(expected);
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(values[i] - expected[i]) <= tolerance * largest)) {
        fail("element %d: expected %s, found %s", i, expected[i], values[i]);
      }
    }
  }
}
