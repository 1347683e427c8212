package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

class LinearTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "1,256,1024",
    "3,5,7",
    "255,17,33",
    "256,64,64",
    "257,31,63",
    "700,40,3",
    "2,30,600",
    "80,20,1030"
  })
  void multipliesByTransposedWeightsAndAddsBias(int rows, int inputs, int outputs) {
    RandomTensors random = new RandomTensors(1);
    try (Tensor x = random.normal(rows, inputs);
        Linear linear = new Linear(random.normal(outputs, inputs), random.normal(outputs));
        Tensor out = BACKEND.allocate(rows, outputs)) {
      BACKEND.linear(x, linear, Activation.NONE, out);
      double[] expected = Expected.linear(x, linear);
      Expected.assertClose(out, expected, 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void appliesActivationWithoutBias(Activation activation) {
    RandomTensors random = new RandomTensors(2);
    try (Tensor x = random.normal(2, 9, 20);
        Linear linear = new Linear(random.normal(45, 20), null);
        Tensor out = BACKEND.allocate(18, 45)) {
      BACKEND.linear(x, linear, activation, out);
      double[] expected = Expected.linear(x, linear);
      for (int i = 0; i < expected.length; i++) {
        expected[i] = Expected.activate(activation, expected[i]);
      }
      Expected.assertClose(out, expected, 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "300"})
  void addsToTheResidualThroughGates(int gateRows) {
    RandomTensors random = new RandomTensors(3);
    try (Tensor x = random.normal(300, 12);
        Linear linear = new Linear(random.normal(37, 12), random.normal(37));
        Tensor gate = gateRows == 0 ? null : random.normal(gateRows, 37);
        Tensor residual = random.normal(300, 37)) {
      double[] expected = Expected.linear(x, linear);
      float[] start = residual.toFloats();
      float[] gates = gate == null ? new float[] {1} : gate.toFloats();
      for (int i = 0; i < expected.length; i++) {
        double factor = gates[i % gates.length];
        expected[i] = start[i] + factor * expected[i];
      }
      BACKEND.linearAdd(x, linear, gate, residual);
      Expected.assertClose(residual, expected, 1e-5);
    }
  }

  /** On some processors OpenBLAS sums a row otherwise in another place of its tile. */
  @ParameterizedTest
  @CsvSource({"1,200,24", "5,24,96", "16,96,33", "63,768,96", "65,96,1030"})
  void whatAFrameBecomesDoesNotDependOnOtherFrames(int height, int inputs, int outputs) {
    RandomTensors random = new RandomTensors(4);
    try (Tensor x = random.normal(4, height, 3, inputs);
        Linear linear = new Linear(random.normal(outputs, inputs), random.normal(outputs));
        Tensor residual = random.normal(4, height, 3, outputs);
        Tensor some = BACKEND.allocate(2, height, 3, outputs);
        Tensor all = BACKEND.allocate(4, height, 3, outputs)) {
      BACKEND.linear(x, linear, Activation.NONE, all);
      BACKEND.linear(x.slice(1, 3), linear, Activation.NONE, some);
      assertThat(some.toFloats()).isEqualTo(all.slice(1, 3).toFloats());

      BACKEND.copy(residual, all);
      BACKEND.copy(residual.slice(1, 3), some);
      BACKEND.linearAdd(x, linear, null, all);
      BACKEND.linearAdd(x.slice(1, 3), linear, null, some);
      assertThat(some.toFloats()).isEqualTo(all.slice(1, 3).toFloats());
    }
  }

  @Test
  void severalLayersOfOneInputGiveTheBitsOfEach() {
    RandomTensors random = new RandomTensors(6);
    try (Tensor x = random.normal(70, 12);
        Linear first = new Linear(random.normal(37, 12), random.normal(37));
        Linear second = new Linear(random.normal(8, 12), null);
        Tensor firstOut = BACKEND.allocate(70, 37);
        Tensor secondOut = BACKEND.allocate(70, 8);
        Tensor firstAlone = BACKEND.allocate(70, 37);
        Tensor secondAlone = BACKEND.allocate(70, 8)) {
      BACKEND.linear(x, first, Activation.NONE, firstAlone);
      BACKEND.linear(x, second, Activation.NONE, secondAlone);

      BACKEND.linear(x, List.of(first, second), List.of(firstOut, secondOut));

      assertThat(firstOut.toFloats()).isEqualTo(firstAlone.toFloats());
      assertThat(secondOut.toFloats()).isEqualTo(secondAlone.toFloats());
    }
  }

  @Test
  void refusesShapesThatDoNotFit() {
    RandomTensors random = new RandomTensors(4);
    try (Tensor x = random.normal(4, 6);
        Linear linear = new Linear(random.normal(3, 5), null);
        Tensor out = BACKEND.allocate(4, 3)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.linear(x, linear, Activation.NONE, out))
          .withMessage("columns of x: expected 5, found 6");
    }
  }

  @Test
  void refusesAnOutputOverItsInput() {
    RandomTensors random = new RandomTensors(5);
    try (Tensor x = random.normal(4, 3);
        Linear linear = new Linear(random.normal(3, 3), null)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.linear(x, linear, Activation.NONE, x))
          .withMessageContaining("overlaps");
    }
  }
}
