package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.Tensor;

/** The same bits whatever the number of threads. Attention has its own test of this. */
class ThreadCountTest {
  /** Changes {@code out}, {@code [400, 64]}, given tensors of the same shape and of one row. */
  @FunctionalInterface
  private interface Operation {
    void run(Backend backend, Tensor x, Tensor row, Tensor out);
  }

  static Stream<Named<Operation>> operations() {
    return Stream.of(
        Named.of("linear", (b, x, row, out) -> b.linear(x, square(x), Activation.GELU_TANH, out)),
        Named.of("linearAdd", (b, x, row, out) -> b.linearAdd(x, square(x), row, out)),
        Named.of("layerNorm", (b, x, row, out) -> b.layerNorm(x, row, row, 1e-6f, out)),
        Named.of("modulate", (b, x, row, out) -> b.layerNormModulate(x, x, x, 1e-6f, out)),
        Named.of("rmsNorm", (b, x, row, out) -> b.rmsNorm(x, row, 1e-6f, out)),
        Named.of(
            "rotary",
            (b, x, row, out) -> {
              Tensor table = x.reshape(800, 32).slice(0, 400);
              b.rmsNormRotary(x, row, 1e-6f, new RotaryTable(table, table), out);
            }),
        Named.of("channelNorm", (b, x, row, out) -> b.channelNorm(x, row, Activation.SILU, out)),
        Named.of(
            "combine", (b, x, row, out) -> b.combine(new float[] {2, 3}, List.of(x, out), out)),
        Named.of("activate", (b, x, row, out) -> b.activate(x, Activation.SILU, out)),
        Named.of(
            "biasedAttention",
            (b, x, row, out) -> {
              Tensor heads = x.reshape(20, 20, 64);
              Tensor bias = x.reshape(25_600).slice(0, 8_000).reshape(20, 20, 20);
              b.biasedAttention(heads, heads, heads, bias, 0.1f, out.reshape(20, 20, 64));
            }),
        Named.of(
            "convolve",
            (b, x, row, out) -> {
              Tensor weight = x.reshape(25_600).slice(0, 16 * 27 * 16).reshape(16, 3, 3, 3, 16);
              Convolution convolution = new Convolution(weight, row.slice(0, 16));
              b.convolve(
                  x.reshape(4, 20, 20, 16), convolution, null, null, out.reshape(4, 20, 20, 16));
            }));
  }

  private static Linear square(Tensor x) {
    return new Linear(x.slice(0, 64), null);
  }

  @ParameterizedTest
  @MethodSource("operations")
  void resultsAreTheSameBits(Operation operation) {
    List<float[]> results =
        IntStream.rangeClosed(1, 3).mapToObj(threads -> run(operation, threads)).toList();
    assertThat(results.get(1)).isEqualTo(results.get(0));
    assertThat(results.get(2)).isEqualTo(results.get(0));
  }

  private static float[] run(Operation operation, int threads) {
    RandomTensors random = new RandomTensors(19);
    try (Backend backend = CpuBackend.create(new CpuOptions(threads));
        Tensor x = random.normal(400, 64);
        Tensor row = random.normal(64);
        Tensor out = random.normal(400, 64)) {
      operation.run(backend, x, row, out);
      return out.toFloats();
    }
  }
}
