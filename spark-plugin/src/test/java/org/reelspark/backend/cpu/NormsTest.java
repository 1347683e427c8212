package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class NormsTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));
  private static final float EPSILON = 1e-6f;

  private final RandomTensors random = new RandomTensors(7);

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,16", "5,3", "300,31", "70,256", "3,1000"})
  void layerNormScalesAndShifts(int rows, int columns) {
    try (Tensor x = random.normal(rows, columns);
        Tensor weight = random.normal(columns);
        Tensor bias = random.normal(columns);
        Tensor out = BACKEND.allocate(rows, columns)) {
      BACKEND.layerNorm(x, weight, bias, EPSILON, out);
      double[] normal = layerNorm(x);
      float[] weights = weight.toFloats();
      float[] biases = bias.toFloats();
      for (int i = 0; i < normal.length; i++) {
        normal[i] = normal[i] * weights[i % columns] + biases[i % columns];
      }
      Expected.assertClose(out, normal, 2e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 50})
  void layerNormModulatesByOneRowOrByEachRow(int modulationRows) {
    try (Tensor x = random.normal(50, 20);
        Tensor shift = random.normal(modulationRows, 20);
        Tensor scale = random.normal(modulationRows, 20)) {
      double[] expected = layerNorm(x);
      float[] shifts = shift.toFloats();
      float[] scales = scale.toFloats();
      for (int i = 0; i < expected.length; i++) {
        expected[i] = expected[i] * (1 + scales[i % scales.length]) + shifts[i % shifts.length];
      }
      BACKEND.layerNormModulate(x, shift, scale, EPSILON, x);
      Expected.assertClose(x, expected, 2e-6);
    }
  }

  @Test
  void layerNormOfALargeConstantRowIsTheBias() {
    try (Tensor x = Tensor.ofFloats(Shape.of(1, 4), 1000, 1000, 1000, 1000);
        Tensor weight = random.normal(4);
        Tensor bias = random.normal(4)) {
      BACKEND.layerNorm(x, weight, bias, EPSILON, x);
      assertThat(x.toFloats()).isEqualTo(bias.toFloats());
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "4,16", "9,33", "200,256"})
  void rmsNormDividesByTheRootMeanSquare(int rows, int columns) {
    try (Tensor x = random.normal(rows, columns);
        Tensor weight = random.normal(columns);
        Tensor out = BACKEND.allocate(rows, columns)) {
      BACKEND.rmsNorm(x, weight, EPSILON, out);
      Expected.assertClose(out, rmsNorm(x, weight), 2e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,2", "2,6", "3,12", "4,64", "2,128", "1,40"})
  void rotatesInterleavedPairsOfEveryHead(int heads, int headDimension) {
    int rows = 90;
    int pairs = headDimension / 2;
    try (Tensor x = random.normal(rows, (long) heads * headDimension);
        Tensor weight = random.normal((long) heads * headDimension);
        RotaryTable rotary =
            new RotaryTable(random.normal(rows, pairs), random.normal(rows, pairs))) {
      double[] expected = rmsNorm(x, weight);
      float[] cos = rotary.cos().toFloats();
      float[] sin = rotary.sin().toFloats();
      for (int i = 0; i < expected.length; i += 2) {
        int row = i / (heads * headDimension);
        int entry = row * pairs + i / 2 % pairs;
        double first = expected[i];
        double second = expected[i + 1];
        expected[i] = first * cos[entry] - second * sin[entry];
        expected[i + 1] = first * sin[entry] + second * cos[entry];
      }
      BACKEND.rmsNormRotary(x, weight, EPSILON, rotary, x);
      Expected.assertClose(x, expected, 2e-6);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Activation.class,
      names = {"NONE", "SILU"})
  void channelNormScalesToUnitLength(Activation activation) {
    for (int channels : new int[] {1, 3, 16, 20, 64}) {
      try (Tensor x = random.normal(2, 5, 7, channels);
          Tensor gamma = random.normal(channels);
          Tensor out = BACKEND.allocate(2, 5, 7, channels)) {
        BACKEND.channelNorm(x, gamma, activation, out);
        double[] expected = unitNorm(x, gamma);
        for (int i = 0; i < expected.length; i++) {
          expected[i] = Expected.activate(activation, expected[i]);
        }
        Expected.assertClose(out, expected, 2e-6);
      }
    }
  }

  @Test
  void channelNormOfZerosIsZero() {
    try (Tensor x = Tensor.ofFloats(Shape.of(1, 1, 1, 3), 0, 0, 0);
        Tensor gamma = Tensor.ofFloats(Shape.of(3), 1, 2, 3)) {
      BACKEND.channelNorm(x, gamma, Activation.NONE, x);
      assertThat(x.toFloats()).containsExactly(0, 0, 0);
    }
  }

  @Test
  void refusesParametersOfAnotherWidth() {
    try (Tensor x = random.normal(2, 4);
        Tensor weight = random.normal(5)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.rmsNorm(x, weight, EPSILON, x))
          .withMessage("weight: expected [4], found [5]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.layerNorm(x, weight, weight, EPSILON, x))
          .withMessage("columns of scale: expected 4, found 5");
    }
  }

  private static double[] layerNorm(Tensor x) {
    int columns = (int) x.columns();
    float[] values = x.toFloats();
    double[] result = new double[values.length];
    for (int row = 0; row < values.length; row += columns) {
      double mean = 0;
      for (int c = 0; c < columns; c++) {
        mean += values[row + c] / (double) columns;
      }
      double variance = 0;
      for (int c = 0; c < columns; c++) {
        variance += Math.pow(values[row + c] - mean, 2) / columns;
      }
      for (int c = 0; c < columns; c++) {
        result[row + c] = (values[row + c] - mean) / Math.sqrt(variance + EPSILON);
      }
    }
    return result;
  }

  private static double[] rmsNorm(Tensor x, Tensor weight) {
    int columns = (int) x.columns();
    float[] values = x.toFloats();
    float[] weights = weight.toFloats();
    double[] squares = squaredNorms(x);
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double root = Math.sqrt(squares[i / columns] / columns + EPSILON);
      result[i] = values[i] / root * weights[i % columns];
    }
    return result;
  }

  private static double[] unitNorm(Tensor x, Tensor gamma) {
    int columns = (int) x.columns();
    float[] values = x.toFloats();
    float[] gammas = gamma.toFloats();
    double[] squares = squaredNorms(x);
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double length = Math.max(Math.sqrt(squares[i / columns]), 1e-12);
      result[i] = values[i] / length * Math.sqrt(columns) * gammas[i % columns];
    }
    return result;
  }

  private static double[] squaredNorms(Tensor x) {
    int columns = (int) x.columns();
    float[] values = x.toFloats();
    double[] result = new double[values.length / columns];
    for (int i = 0; i < values.length; i++) {
      result[i / columns] += (double) values[i] * values[i];
    }
    return result;
  }
}
