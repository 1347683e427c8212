package org.reelspark.backend.cuda;

import static org.reelspark.tensor.DType.F32;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.RotaryTable;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Normalisations against the processor's. */
class NormsOnGpuTest extends BackendComparison {
  private static final float EPSILON = 1e-6f;

  @ParameterizedTest
  @CsvSource({
    "F32, F32, 1",
    "F32, BF16, 1",
    "BF16, BF16, 1",
    "F32, F16, 1",
    "F32, F16, 33",
    "F32, BF16, 33"
  })
  void layerNorms(DType in, DType out, int rows) {
    Pair x = both.input(in, 33, 256);
    Pair scale = rows == 1 ? both.input(F32, 256) : both.input(F32, rows, 256);
    Pair shift = rows == 1 ? both.input(F32, 256) : both.input(F32, rows, 256);
    Pair modulated = both.output(out, 33, 256);
    Pair weighted = both.output(out, 33, 256);

    both.run(
        backend -> {
          Tensor source = x.of(backend);
          backend.layerNormModulate(
              source, shift.of(backend), scale.of(backend), EPSILON, modulated.of(backend));
          backend.layerNorm(
              source, scale.of(backend), shift.of(backend), EPSILON, weighted.of(backend));
        });

    both.assertClose(modulated, tolerance(out));
    both.assertClose(weighted, tolerance(out));
  }

  @ParameterizedTest
  @CsvSource({"F32, F32", "F32, BF16", "BF16, BF16", "F32, F16", "F16, F16"})
  void rmsNorms(DType in, DType out) {
    Pair x = both.input(in, 33, 1536);
    Pair weight = both.input(F32, 1536);
    Pair result = both.output(out, 33, 1536);

    both.run(
        backend -> backend.rmsNorm(x.of(backend), weight.of(backend), EPSILON, result.of(backend)));

    both.assertClose(result, tolerance(out));
  }

  @ParameterizedTest
  @CsvSource({"F32, 64", "BF16, 64", "BF16, 128", "F16, 64", "F16, 128"})
  void rmsNormsAndRotatesInPlace(DType type, int headDimension) {
    Pair x = both.input(type, 21, 4L * headDimension);
    Pair weight = both.input(F32, 4L * headDimension);
    Pair cos = both.input(F32, 21, headDimension / 2);
    Pair sin = both.input(F32, 21, headDimension / 2);

    both.run(
        backend ->
            backend.rmsNormRotary(
                x.of(backend),
                weight.of(backend),
                EPSILON,
                new RotaryTable(cos.of(backend), sin.of(backend)),
                x.of(backend)));

    both.assertClose(x, tolerance(type));
  }

  @ParameterizedTest
  @CsvSource({"F32, NONE, 96", "F16, SILU, 96", "BF16, SILU, 384", "F16, SILU, 16"})
  void channelNorms(DType type, Activation activation, int channels) {
    Pair x = both.input(type, 2, 5, 3, channels);
    Pair gamma = both.input(F32, channels);
    Pair result = both.output(type, 2, 5, 3, channels);

    both.run(
        backend ->
            backend.channelNorm(x.of(backend), gamma.of(backend), activation, result.of(backend)));

    both.assertClose(result, tolerance(type));
  }
}
