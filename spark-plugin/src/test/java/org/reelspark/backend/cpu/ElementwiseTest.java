package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class ElementwiseTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));

  private final RandomTensors random = new RandomTensors(11);

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6})
  void combinesOneToSixInputs(int inputs) {
    List<Tensor> tensors =
        Collections.nCopies(inputs, 0).stream().map(i -> random.normal(70_001)).toList();
    float[] coefficients = new float[inputs];
    double[] expected = new double[70_001];
    for (int i = 0; i < inputs; i++) {
      coefficients[i] = 1.5f - i;
      float[] values = tensors.get(i).toFloats();
      for (int j = 0; j < values.length; j++) {
        expected[j] += coefficients[i] * values[j];
      }
    }
    BACKEND.combine(coefficients, tensors, tensors.get(0));
    Expected.assertClose(tensors.get(0), expected, 1e-6);
    tensors.forEach(Tensor::close);
  }

  @Test
  void refusesOtherThanOneToSixInputs() {
    try (Tensor x = random.normal(3)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.combine(new float[0], List.of(), x));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.combine(new float[7], Collections.nCopies(7, x), x))
          .withMessage("one to six inputs, found 7");
    }
  }

  @Test
  void multipliesInPlace() {
    try (Tensor a = random.normal(33, 7);
        Tensor b = random.normal(33, 7)) {
      float[] left = a.toFloats();
      float[] right = b.toFloats();
      BACKEND.multiply(a, b, a);
      double[] expected = new double[left.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = left[i] * right[i];
      }
      Expected.assertClose(a, expected, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activates(Activation activation) {
    try (Tensor x = random.normal(70_003);
        Tensor out = BACKEND.allocate(70_003)) {
      BACKEND.combine(new float[] {5}, List.of(x), x);
      BACKEND.activate(x, activation, out);
      float[] values = x.toFloats();
      double[] expected = new double[values.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = Expected.activate(activation, values[i]);
      }
      Expected.assertClose(out, expected, 2e-7);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Activation.class,
      names = {"SILU", "GELU_TANH"})
  void activationsHaveTheirLimits(Activation activation) {
    int count = 32;
    try (Tensor x = BACKEND.allocate(count)) {
      float[] inputs = {-1e30f, -1000, -100, 0, 100, 1000, 1e30f, Float.NaN};
      float[] limits = {0, 0, 0, 0, 100, 1000, 1e30f, Float.NaN};
      for (int i = 0; i < count; i++) {
        x.buffer().putFloat(i * Float.BYTES, inputs[i % inputs.length]);
      }
      BACKEND.activate(x, activation, x);
      for (int i = 0; i < count; i++) {
        assertThat((Float) (x.toFloats()[i] + 0f)).isEqualTo((Float) limits[i % limits.length]);
      }
    }
  }

  @Test
  void addsARowToEveryRow() {
    try (Tensor x = random.normal(4, 3, 5);
        Tensor row = random.normal(5);
        Tensor out = BACKEND.allocate(4, 3, 5)) {
      BACKEND.addRow(x, row, out);
      double[] expected = new double[60];
      for (int i = 0; i < 60; i++) {
        expected[i] = x.toFloats()[i] + row.toFloats()[i % 5];
      }
      Expected.assertClose(out, expected, 1e-7);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void findsOneNonFiniteElement(float value) {
    for (int place : new int[] {0, 77, 70_000}) {
      try (Tensor x = random.normal(70_001)) {
        assertThat(BACKEND.isFinite(x)).isTrue();
        x.buffer().putFloat(place * Float.BYTES, value);
        assertThat(BACKEND.isFinite(x)).isFalse();
      }
    }
  }

  @Test
  void takesEmptyTensors() {
    try (Tensor x = BACKEND.allocate(0, 4)) {
      BACKEND.activate(x, Activation.SILU, x);
      BACKEND.multiply(x, x, x);
      assertThat(BACKEND.isFinite(x)).isTrue();
    }
  }

  @Test
  void refusesTensorsOfDifferentShape() {
    try (Tensor a = Tensor.ofFloats(Shape.of(2), 1, 2);
        Tensor b = Tensor.ofFloats(Shape.of(1, 2), 1, 2)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.multiply(a, b, a))
          .withMessageContaining("shapes differ");
    }
  }
}
