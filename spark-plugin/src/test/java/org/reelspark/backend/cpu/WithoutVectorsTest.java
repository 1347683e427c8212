package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/** Runs the operations in a virtual machine that lacks the vector module. */
class WithoutVectorsTest {
  @Test
  void plainJavaComputesTheSame() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Operations.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(output).contains("plain Java\n");
    List<String> plain = output.lines().filter(line -> line.startsWith("sum ")).toList();
    List<Double> vector = Operations.sums();
    assertThat(plain).hasSameSizeAs(vector);
    for (int i = 0; i < plain.size(); i++) {
      double sum = Double.parseDouble(plain.get(i).substring("sum ".length()));
      assertThat(Math.abs(sum - vector.get(i))).isLessThan(1e-5 * (1 + Math.abs(sum)));
    }
  }

  /** One operation of each kind; the results are compared by sums of absolute values. */
  static final class Operations {
    private Operations() {}

    public static void main(String[] arguments) {
      List<Double> sums = sums();
      System.out.println(VectorSupport.describe());
      sums.forEach(sum -> System.out.println("sum " + sum));
    }

    static List<Double> sums() {
      RandomTensors random = new RandomTensors(31);
      try (Backend backend = CpuBackend.create(new CpuOptions(2));
          Tensor x = random.normal(96, 64);
          Tensor row = random.normal(64);
          Linear linear = new Linear(random.normal(64, 64), random.normal(64));
          Tensor weight = random.normal(16, 3, 3, 3, 16);
          Tensor out = backend.allocate(96, 64)) {
        backend.linear(x, linear, Activation.GELU_TANH, out);
        double linearSum = sum(out);
        backend.layerNorm(x, row, row, 1e-6f, out);
        double normSum = sum(out);
        backend.attention(
            new AttentionInputs(
                x.reshape(1, 96, 2, 32),
                x.reshape(1, 96, 2, 32),
                x.reshape(1, 96, 2, 32),
                AttentionLayout.TOKEN_MAJOR),
            AttentionParameters.dense(2, 0.1f),
            out.reshape(1, 96, 2, 32));
        double attentionSum = sum(out);
        Convolution convolution = new Convolution(weight, row.slice(0, 16));
        backend.convolve(x.reshape(6, 8, 8, 16), convolution, null, null, out.reshape(6, 8, 8, 16));
        return List.of(linearSum, normSum, attentionSum, sum(out));
      }
    }

    private static double sum(Tensor tensor) {
      double sum = 0;
      for (float value : tensor.toFloats()) {
        sum += Math.abs(value);
      }
      return sum;
    }
  }
}
