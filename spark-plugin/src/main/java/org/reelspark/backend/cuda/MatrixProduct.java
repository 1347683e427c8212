package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;

/**
 * Shape and types of {@code out[r, o] = epilogue(sum over i of x[r, i] weight[o, i] + beta out[r,
 * o])}: {@code MatmulShape} of {@code matmul.h}. Strides in elements, between rows.
 *
 * @param operands type of x and weight
 * @param results type of out and of the bias
 */
record MatrixProduct(
    long rows,
    long outputs,
    long inputs,
    Strides strides,
    DType operands,
    DType results,
    WeightLayout layout,
    Epilogue epilogue) {
  record Strides(long x, long weight, long out) {}

  /** How the second factor lies in memory. */
  enum WeightLayout {
    /** {@code [outputs, inputs]}. */
    OUTPUT_MAJOR,
    /** {@code [inputs, outputs]}. */
    INPUT_MAJOR;

    /** As the shim numbers it. */
    int number() {
      return switch (this) {
        case OUTPUT_MAJOR -> 0;
        case INPUT_MAJOR -> 1;
      };
    }
  }

  /** What happens to a sum before it is written. */
  enum Epilogue {
    NONE(1),
    BIAS(4),
    GELU(32),
    GELU_BIAS(36);

    private final int number;

    Epilogue(int number) {
      this.number = number;
    }

    /** As cuBLASLt numbers it. */
    int number() {
      return number;
    }
  }

  /** As cuBLASLt numbers it. */
  static int number(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 2;
      case BF16 -> 14;
      case I32, U8 -> throw new IllegalArgumentException("no matrix products of " + type);
    };
  }
}
