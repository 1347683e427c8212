package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Tensor;

class BiasedAttentionTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));

  private final RandomTensors random = new RandomTensors(23);

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "5,2,3", "17,4,32", "64,3,24", "100,1,64"})
  void addsTheBiasToScaledProducts(int length, int heads, int dimension) {
    try (Tensor query = random.normal(length, heads, dimension);
        Tensor key = random.normal(length, heads, dimension);
        Tensor value = random.normal(length, heads, dimension);
        Tensor bias = random.normal(heads, length, length);
        Tensor out = BACKEND.allocate(length, heads, dimension)) {
      BACKEND.biasedAttention(query, key, value, bias, 0.3f, out);
      double[] expected = attention(query, key, value, bias, 0.3);
      Expected.assertClose(out, expected, 2e-6);
    }
  }

  @Test
  void refusesABiasOfAnotherLength() {
    try (Tensor query = random.normal(4, 2, 3);
        Tensor bias = random.normal(2, 4, 5);
        Tensor out = BACKEND.allocate(4, 2, 3)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.biasedAttention(query, query, query, bias, 1, out))
          .withMessage("bias: expected [2, 4, 4], found [2, 4, 5]");
    }
  }

  private static double[] attention(
      Tensor query, Tensor key, Tensor value, Tensor bias, double scale) {
    int length = query.shape().intSize(0);
    int heads = query.shape().intSize(1);
    int dimension = query.shape().intSize(2);
    float[] q = query.toFloats();
    float[] k = key.toFloats();
    float[] v = value.toFloats();
    float[] b = bias.toFloats();
    double[] out = new double[q.length];
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < length; i++) {
        double[] weights = new double[length];
        double sum = 0;
        for (int j = 0; j < length; j++) {
          double score = b[(h * length + i) * length + j];
          for (int d = 0; d < dimension; d++) {
            score +=
                scale * q[(i * heads + h) * dimension + d] * k[(j * heads + h) * dimension + d];
          }
          weights[j] = Math.exp(score);
          sum += weights[j];
        }
        for (int j = 0; j < length; j++) {
          for (int d = 0; d < dimension; d++) {
            out[(i * heads + h) * dimension + d] +=
                weights[j] / sum * v[(j * heads + h) * dimension + d];
          }
        }
      }
    }
    return out;
  }
}
