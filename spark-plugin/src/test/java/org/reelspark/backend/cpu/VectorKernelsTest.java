package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.backend.Activation;
import org.reelspark.tensor.Tensor;

class VectorKernelsTest {
  private static final int ROWS = 5;

  /** One kernel on a tile; it may also read what it changes. */
  @FunctionalInterface
  private interface Kernel {
    void run(RowKernels kernels, FloatRows a, FloatRows b, FloatRows out, int columns);
  }

  static Stream<Named<Kernel>> kernels() {
    return Stream.of(
        Named.of("repeat", (k, a, b, out, columns) -> k.repeat(a, out, ROWS, columns)),
        Named.of("add", (k, a, b, out, columns) -> k.add(a, b, out, ROWS, columns)),
        Named.of(
            "silu", (k, a, b, out, columns) -> k.activate(a, Activation.SILU, out, ROWS, columns)),
        Named.of(
            "gelu",
            (k, a, b, out, columns) -> k.activate(a, Activation.GELU_TANH, out, ROWS, columns)),
        Named.of("gatedAdd", (k, a, b, out, columns) -> k.gatedAdd(a, b, out, ROWS, columns)),
        Named.of(
            "layerNorm",
            (k, a, b, out, columns) -> k.layerNorm(a, b, 1, a, 1e-6f, out, ROWS, columns)),
        Named.of("rmsNorm", (k, a, b, out, columns) -> k.rmsNorm(a, b, 1e-6f, out, ROWS, columns)),
        Named.of(
            "unitNorm",
            (k, a, b, out, columns) -> k.unitNorm(a, b, Activation.NONE, out, ROWS, columns)),
        Named.of(
            "unitNormSilu",
            (k, a, b, out, columns) -> k.unitNorm(a, b, Activation.SILU, out, ROWS, columns)),
        Named.of("rotate", (k, a, b, out, columns) -> k.rotate(out, a, b, ROWS, columns, columns)),
        Named.of("softmax", (k, a, b, out, columns) -> k.softmax(out, a, ROWS, columns)));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void vectorsComputeWhatPlainJavaComputes(Kernel kernel) {
    for (int columns : new int[] {2, 14, 16, 32, 34, 64, 256, 270}) {
      RandomTensors random = new RandomTensors(columns);
      try (Tensor a = random.normal(ROWS, columns);
          Tensor b = random.normal(ROWS, columns);
          Tensor plain = random.normal(ROWS, columns);
          Tensor vector = Tensor.allocateHost(plain.dtype(), plain.shape())) {
        vector.buffer().put(plain.buffer());
        run(new ScalarKernels(), kernel, a, b, plain);
        run(new VectorKernels(), kernel, a, b, vector);
        Expected.assertClose(vector, Expected.doubles(plain), 1e-6);
      }
    }
  }

  private static void run(RowKernels kernels, Kernel kernel, Tensor a, Tensor b, Tensor out) {
    kernel.run(
        kernels,
        FloatRows.of(a, 0, ROWS),
        FloatRows.of(b, 0, ROWS),
        FloatRows.of(out, 0, ROWS),
        (int) out.columns());
  }

  @Test
  void expIsWithinTwoUnitsInTheLastPlace() {
    double worst = 0;
    for (float x = -87.3f; x < 88.3f; x += 0.00137f) {
      double exact = Math.exp(x);
      worst = Math.max(worst, Math.abs(exp(x) - exact) / Math.ulp((float) exact));
    }
    assertThat(worst).isLessThan(2);
  }

  @Test
  void expHasItsLimits() {
    assertThat(exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(exp(-1e30f)).isZero();
    assertThat(exp(-88)).isZero();
    assertThat(exp(0)).isEqualTo(1);
    assertThat(exp(89)).isInfinite();
    assertThat(exp(1e30f)).isInfinite();
    assertThat(exp(Float.POSITIVE_INFINITY)).isInfinite();
    assertThat(exp(Float.NaN)).isNaN();
  }

  /** Enough calls for the compiler to replace interpreted code on the way. */
  @Test
  void sumsAreTheSameBitsInterpretedAndCompiled() {
    float[] values = new float[VectorMemory.LANES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i + 1) * (1 << i);
    }
    FloatVector vector = FloatVector.fromArray(VectorMemory.SPECIES, values, 0);
    float first = VectorMath.sum(vector);
    for (int i = 0; i < 200_000; i++) {
      assertSame(first, VectorMath.sum(vector));
    }
  }

  private static void assertSame(float expected, float actual) {
    if (expected != actual) {
      fail("expected %s, found %s", expected, actual);
    }
  }

  private static float exp(float x) {
    return VectorMath.exp(FloatVector.broadcast(VectorMemory.SPECIES, x)).lane(0);
  }
}
