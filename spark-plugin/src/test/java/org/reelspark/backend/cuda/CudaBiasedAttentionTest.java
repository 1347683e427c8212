package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

@NeedsGpu
class CudaBiasedAttentionTest {
  private static final float SCALE = 0.4f;

  private static Gpu gpu;

  @BeforeAll
  static void open() {
    gpu = Gpu.open();
  }

  @AfterAll
  static void close() {
    gpu.close();
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 1, 1, 4, 1e-5",
    "F32, 50, 3, 64, 1e-5",
    "F32, 226, 2, 128, 1e-5",
    "F16, 50, 3, 64, 1e-3",
    "BF16, 50, 3, 64, 1e-2"
  })
  void followsItsDefinition(DType dtype, int length, int heads, int dimension, double tolerance) {
    int elements = length * heads * dimension;
    float[] query = random(dtype, elements, 1);
    float[] key = random(dtype, elements, 2);
    float[] value = random(dtype, elements, 3);
    float[] bias = random(dtype, heads * length * length, 4);
    Shape shape = Shape.of(length, heads, dimension);
    try (Tensor q = gpu.upload(dtype, shape, query);
        Tensor k = gpu.upload(dtype, shape, key);
        Tensor v = gpu.upload(dtype, shape, value);
        Tensor b = gpu.upload(dtype, Shape.of(heads, length, length), bias);
        Tensor out = gpu.upload(dtype, shape, poison(elements))) {
      new CudaBiasedAttention(gpu.stream(), gpu.kernels()).attention(q, k, v, b, SCALE, out);

      float[] actual = gpu.floats(out);
      double[] expected = attend(query, key, value, bias, length, heads, dimension);
      for (int i = 0; i < elements; i++) {
        assertThat((double) actual[i]).isCloseTo(expected[i], near(tolerance, expected[i]));
      }
    }
  }

  @Test
  void ptxGivesWhatMachineCodeGives() {
    Shape shape = Shape.of(40, 2, 64);
    float[] values = random(DType.F32, 40 * 2 * 64, 5);
    try (KernelLibrary ptx = KernelChoice.ptxOf("biased_attention_f32", gpu);
        Tensor x = gpu.upload(DType.F32, shape, values);
        Tensor bias = gpu.upload(DType.F32, Shape.of(2, 40, 40), random(DType.F32, 3200, 6));
        Tensor out = gpu.memory().allocate(40, 2, 64);
        Tensor ptxOut = gpu.memory().allocate(40, 2, 64)) {
      new CudaBiasedAttention(gpu.stream(), gpu.kernels()).attention(x, x, x, bias, SCALE, out);
      new CudaBiasedAttention(gpu.stream(), ptx).attention(x, x, x, bias, SCALE, ptxOut);

      assertThat(ptx.kernel("biased_attention_f32").architecture()).isEqualTo("ptx");
      assertThat(gpu.floats(ptxOut)).containsExactly(gpu.floats(out), within(1e-5f));
    }
  }

  @Test
  void refusesHeadsThatAreTooWide() {
    CudaBiasedAttention attention = new CudaBiasedAttention(gpu.stream(), gpu.kernels());
    try (Tensor x = gpu.memory().allocate(2, 1, 136);
        Tensor bias = gpu.memory().allocate(1, 2, 2);
        Tensor out = gpu.memory().allocate(2, 1, 136)) {
      assertThatThrownBy(() -> attention.attention(x, x, x, bias, 1, out))
          .isInstanceOf(ReelsparkException.class)
          .hasMessageContaining("136 dimensions");
    }
  }

  private static Offset<Double> near(double tolerance, double expected) {
    return Offset.offset(tolerance * (1 + Math.abs(expected)));
  }

  private static double[] attend(
      float[] q, float[] k, float[] v, float[] bias, int length, int heads, int dimension) {
    double[] out = new double[q.length];
    for (int head = 0; head < heads; head++) {
      for (int i = 0; i < length; i++) {
        double sum = 0;
        int row = (i * heads + head) * dimension;
        for (int j = 0; j < length; j++) {
          int keyRow = (j * heads + head) * dimension;
          double score = bias[(head * length + i) * length + j];
          for (int d = 0; d < dimension; d++) {
            score += (double) SCALE * q[row + d] * k[keyRow + d];
          }
          double weight = Math.exp(score);
          sum += weight;
          for (int d = 0; d < dimension; d++) {
            out[row + d] += weight * v[keyRow + d];
          }
        }
        for (int d = 0; d < dimension; d++) {
          out[row + d] /= sum;
        }
      }
    }
    return out;
  }

  private static float[] random(DType dtype, int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Halves.rounded(dtype, values);
  }

  private static float[] poison(int count) {
    float[] values = new float[count];
    Arrays.fill(values, Float.NaN);
    return values;
  }
}
