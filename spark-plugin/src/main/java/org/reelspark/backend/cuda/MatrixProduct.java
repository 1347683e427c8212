package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;

/**
 * Shape and types of {@code out[r, o] = epilogue(sum over i of x[r, i] weight[o, i] + beta out[r,
 * o])}: {@code MatmulShape} of {@code matmul.h}. Strides in elements, between rows.
 *
 * @param operands type of x and weight; rows of F8_E4M3 have a scale each, in x and in an
 *     output-major weight, and sizes are multiples of {@value #EIGHT_BIT_MULTIPLE}
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
  /** What the inputs and outputs of 8-bit products are multiples of. */
  static final int EIGHT_BIT_MULTIPLE = 16;

  private static final int SCALAR_SCALES = 0;
  private static final int OUTER_VECTOR_SCALES = 3;

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

  /** How 8-bit operands are scaled, as cuBLASLt numbers it. */
  int scaleMode() {
    return operands == DType.F8_E4M3 ? OUTER_VECTOR_SCALES : SCALAR_SCALES;
  }

  /** As cuBLASLt numbers it. */
  static int number(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 2;
      case BF16 -> 14;
      case F8_E4M3 -> 28;
      case I32, U8 -> throw new IllegalArgumentException("no matrix products of " + type);
    };
  }
}
