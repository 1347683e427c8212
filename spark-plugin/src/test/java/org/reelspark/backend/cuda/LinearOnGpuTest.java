package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.reelspark.tensor.DType.F32;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Linear layers against the processor's. */
class LinearOnGpuTest extends BackendComparison {
  @ParameterizedTest
  @CsvSource({
    "F32, F32, F32, NONE",
    "F32, F32, F32, SILU",
    "BF16, BF16, BF16, NONE",
    "BF16, BF16, BF16, GELU_TANH",
    "F32, BF16, F32, NONE",
    "F32, BF16, BF16, GELU_TANH",
    "F32, BF16, F32, GELU_TANH",
    "BF16, BF16, F32, NONE",
    "BF16, BF16, BF16, SILU",
    "F16, F16, F16, GELU_TANH",
    "F32, F16, F32, GELU_TANH",
    "F16, F16, F16, NONE",
    "F16, F16, F32, NONE",
    "F32, F16, F32, NONE",
    "F32, F16, F16, NONE"
  })
  void linear(DType x, DType weight, DType out, Activation activation) {
    for (int rows : new int[] {1, 100, 300}) {
      Pair input = both.input(x, rows, 64);
      Pair weights = both.input(weight, 96, 64);
      Pair bias = both.input(F32, 96);
      Pair result = both.output(out, rows, 96);
      Pair withoutBias = both.output(out, rows, 96);

      both.run(
          backend -> {
            Linear linear = new Linear(weights.of(backend), bias.of(backend));
            backend.linear(input.of(backend), linear, activation, result.of(backend));
            Linear unbiased = new Linear(weights.of(backend), null);
            backend.linear(input.of(backend), unbiased, activation, withoutBias.of(backend));
          });

      double tolerance = weight == F32 ? 1e-5 : Math.max(tolerance(out), tolerance(weight));
      both.assertClose(result, tolerance);
      both.assertClose(withoutBias, tolerance);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, BF16", "F32, F16", "F16, F16", "F32, F32"})
  void linearAdds(DType residualType, DType weightType) {
    Pair x = both.input(weightType, 70, 64);
    Pair weight = both.input(weightType, 48, 64);
    Pair bias = both.input(F32, 48);
    Pair residual = both.input(residualType, 70, 48);

    both.run(
        backend ->
            backend.linearAdd(
                x.of(backend),
                new Linear(weight.of(backend), bias.of(backend)),
                null,
                residual.of(backend)));

    both.assertClose(residual, Math.max(tolerance(residualType), 1e-5));
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, F32, 1",
    "BF16, F32, 70",
    "F16, F32, 1",
    "F16, F32, 70",
    "F16, F16, 1",
    "BF16, BF16, 70"
  })
  void linearAddsThroughAGateForAllRowsOrForEach(DType type, DType residualType, int gates) {
    Pair x = both.input(type, 70, 64);
    Pair weight = both.input(type, 48, 64);
    Pair bias = both.input(F32, 48);
    Pair gate = gates == 1 ? both.input(F32, 48) : both.input(F32, gates, 48);
    Pair residual = both.input(residualType, 70, 48);

    both.run(
        backend ->
            backend.linearAdd(
                x.of(backend),
                new Linear(weight.of(backend), bias.of(backend)),
                gate.of(backend),
                residual.of(backend)));

    both.assertClose(residual, tolerance(type));
  }

  /** Models keep biases in the type of the results; others are converted at each call. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void givesTheSameBitsWhateverTheTypeThatABiasIsKeptIn(DType type) {
    Tensor x = both.input(type, 70, 64).gpu();
    Tensor weight = both.input(type, 48, 64).gpu();
    float[] values = both.input(F32, 48).cpu().toFloats();
    Tensor wide = both.input(F32, values, 48).gpu();
    Tensor narrow = both.input(type, values, 48).gpu();
    Tensor converted = both.output(type, 70, 48).gpu();
    Tensor stored = both.output(type, 70, 48).gpu();

    both.gpu().linear(x, new Linear(weight, wide), Activation.NONE, converted);
    both.gpu().linear(x, new Linear(weight, narrow), Activation.NONE, stored);

    assertThat(both.download(stored)).isEqualTo(both.download(converted));
  }
}
