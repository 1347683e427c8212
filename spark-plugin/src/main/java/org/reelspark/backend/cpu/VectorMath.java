package org.reelspark.backend.cpu;

import static org.reelspark.backend.cpu.VectorMemory.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Functions of vectors. Constants are vectors too: a scalar operand would be one more call for the
 * compiler to inline, and the whole of a loop must fit into its budget. Load this class only when
 * {@link VectorSupport#available}.
 */
final class VectorMath {
  private static final FloatVector ZERO = FloatVector.zero(SPECIES);
  private static final FloatVector ONE = constant(1);
  private static final FloatVector INFINITY = constant(Float.POSITIVE_INFINITY);

  private static final FloatVector LOG2_E = constant(1.44269504f);

  /** Adding it to |t| &lt; 2^22 rounds t to an integer, which the low bits of the sum then hold. */
  private static final FloatVector ROUNDING = constant(0x1.8p23f);

  /** -ln 2 in two parts; the first has few bits, so that its product with an integer is exact. */
  private static final FloatVector MINUS_LN2_HIGH = constant(-0.693359375f);

  private static final FloatVector MINUS_LN2_LOW = constant(2.12194440e-4f);

  /** Coefficients of (e^r - 1 - r) / r^2 (Cephes, expf). */
  private static final FloatVector EXP_5 = constant(1.9875691500e-4f);

  private static final FloatVector EXP_4 = constant(1.3981999507e-3f);
  private static final FloatVector EXP_3 = constant(8.3334519073e-3f);
  private static final FloatVector EXP_2 = constant(4.1665795894e-2f);
  private static final FloatVector EXP_1 = constant(1.6666665459e-1f);
  private static final FloatVector EXP_0 = constant(5.0000001201e-1f);

  /** Below it the result is less than the smallest normal float. */
  private static final FloatVector EXP_MINIMUM = constant(-87.33654f);

  /** From here on 2^n has no exponent left. */
  private static final FloatVector EXP_MAXIMUM = constant(88.37626f);

  private static final int MANTISSA_BITS = 23;

  private static final double GELU_FACTOR = 2 * Math.sqrt(2 / Math.PI);
  private static final FloatVector MINUS_GELU_LINEAR = constant((float) -GELU_FACTOR);
  private static final FloatVector MINUS_GELU_CUBIC = constant((float) (-GELU_FACTOR * 0.044715));

  private VectorMath() {}

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /**
   * Sum of the lanes, always in the same order. {@link FloatVector#reduceLanes} leaves the order
   * open, and compiled code differs in it from interpreted code.
   */
  static float sum(FloatVector x) {
    float[] sums = x.toArray();
    for (int half = sums.length / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[0];
  }

  /**
   * e^x within two units in the last place. Results below the smallest normal float are 0, results
   * above 2.4e38 infinite; NaN stays NaN.
   */
  static FloatVector exp(FloatVector x) {
    // e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln(2) / 2
    FloatVector rounded = x.fma(LOG2_E, ROUNDING);
    FloatVector n = rounded.sub(ROUNDING);
    FloatVector r = n.fma(MINUS_LN2_LOW, n.fma(MINUS_LN2_HIGH, x));
    FloatVector polynomial = EXP_5.fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2).fma(r, EXP_1);
    FloatVector fraction = polynomial.fma(r, EXP_0).fma(r.mul(r), r).add(ONE);
    IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS);
    return fraction
        .reinterpretAsInts()
        .add(exponent)
        .reinterpretAsFloats()
        .blend(ZERO, x.compare(VectorOperators.LT, EXP_MINIMUM))
        .blend(INFINITY, x.compare(VectorOperators.GT, EXP_MAXIMUM));
  }

  /** x / (1 + e^-x). */
  static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(ONE));
  }

  /** x (1 + tanh(u)) / 2 = x / (1 + e^-2u) with u = sqrt(2 / pi) (x + 0.044715 x^3). */
  static FloatVector geluTanh(FloatVector x) {
    FloatVector minusTwice = x.mul(x).fma(MINUS_GELU_CUBIC, MINUS_GELU_LINEAR).mul(x);
    return x.div(exp(minusTwice).add(ONE));
  }
}
