package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.reelspark.tensor.DType.BF16;
import static org.reelspark.tensor.DType.F16;
import static org.reelspark.tensor.DType.F32;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.backend.RotaryTable;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Every operation against the processor's, on the same values. */
@NeedsGpu
class CudaBackendTest {
  private static final float EPSILON = 1e-6f;

  /** Relative, of results in a type, from rounding them and what they are made of. */
  private static double tolerance(DType type) {
    return switch (type) {
      case BF16 -> 4e-3;
      case F16 -> 6e-4;
      case F32 -> 1e-5;
      case I32, U8 -> throw new IllegalArgumentException("no floats: " + type);
    };
  }

  private static TwoBackends both;

  @BeforeAll
  static void open() {
    both = new TwoBackends(AttentionPrecision.SIXTEEN_BIT);
  }

  @AfterEach
  void clear() {
    both.clear();
  }

  @AfterAll
  static void close() {
    both.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void uploadsWeightsOfAnyTypeAsAnyOther(DType stored) {
    float[] values = {0, 1, -2.5f, 0.125f, 3, -4, 100, 0.5f, 7};
    Shape shape = Shape.of(values.length);
    for (DType type : List.of(F32, F16, BF16)) {
      try (Tensor host = Halves.tensor(stored, shape, values);
          Tensor uploaded = both.gpu().upload(host, type)) {
        assertThat(uploaded.dtype()).isEqualTo(type);
        assertThat(both.download(uploaded)).containsExactly(values);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32, F32, F32, NONE",
    "F32, F32, F32, SILU",
    "BF16, BF16, BF16, NONE",
    "BF16, BF16, BF16, GELU_TANH",
    "F32, BF16, F32, NONE",
    "F32, BF16, F32, GELU_TANH",
    "BF16, BF16, F32, NONE",
    "F16, F16, F16, GELU_TANH",
    "F32, F16, F32, GELU_TANH",
    "F16, F16, F16, NONE",
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
  @CsvSource({"F32, BF16", "F16, F16", "F32, F32"})
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
  @CsvSource({"BF16, 1", "BF16, 70", "F16, 1"})
  void linearAddsThroughAGateForAllRowsOrForEach(DType type, int gates) {
    Pair x = both.input(type, 70, 64);
    Pair weight = both.input(type, 48, 64);
    Pair bias = both.input(F32, 48);
    Pair gate = gates == 1 ? both.input(F32, 48) : both.input(F32, gates, 48);
    Pair residual = both.input(F32, 70, 48);

    both.run(
        backend ->
            backend.linearAdd(
                x.of(backend),
                new Linear(weight.of(backend), bias.of(backend)),
                gate.of(backend),
                residual.of(backend)));

    both.assertClose(residual, tolerance(type));
  }

  @ParameterizedTest
  @CsvSource({"F32, F32, 1", "F32, BF16, 1", "BF16, BF16, 1", "F32, F16, 1", "F32, F16, 33"})
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
  @CsvSource({"F32, 64", "BF16, 64", "F16, 128"})
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

  @ParameterizedTest
  @CsvSource({
    "F32, 4, 64, 4096",
    "BF16, 4, 64, 300",
    "BF16, 3, 128, 300",
    "F16, 1, 64, 300",
    "F16, 2, 128, 300"
  })
  void attends(DType type, int heads, int dimension, int tokens) {
    compareAttention(type, heads, dimension, tokens, new BlockSelection.Dense(), 6e-3);
  }

  @Test
  void attendsSparsely() {
    compareAttention(BF16, 2, 128, 1024, new BlockSelection.TopK(0.5f), 2e-2);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void attendsWithOneWideHead(DType type) {
    compareAttention(type, 1, 384, 104, new BlockSelection.Dense(), 2 * tolerance(type));
  }

  private static void compareAttention(
      DType type,
      int heads,
      int dimension,
      int tokens,
      BlockSelection selection,
      double tolerance) {
    Pair query = both.input(type, 1, tokens, heads, dimension);
    Pair key = both.input(type, 1, tokens, heads, dimension);
    Pair value = both.input(type, 1, tokens, heads, dimension);
    Pair out = both.output(type, 1, tokens, heads, dimension);
    HeadParameters head =
        new HeadParameters(
            selection,
            HeadParameters.DENSE.similarityThreshold(),
            HeadParameters.DENSE.pvThreshold());
    AttentionParameters parameters =
        AttentionParameters.uniform(heads, head, (float) (1 / Math.sqrt(dimension)));

    both.run(
        backend ->
            assertThat(
                    backend
                        .attention(
                            new AttentionInputs(
                                query.of(backend),
                                key.of(backend),
                                value.of(backend),
                                AttentionLayout.TOKEN_MAJOR),
                            parameters,
                            out.of(backend))
                        .get()
                        .admissible())
                .isPositive());

    both.assertClose(out, tolerance);
  }

  @Test
  void attendsWithABias() {
    Pair query = both.input(F32, 20, 4, 32);
    Pair key = both.input(F32, 20, 4, 32);
    Pair value = both.input(F32, 20, 4, 32);
    Pair bias = both.input(F32, 4, 20, 20);
    Pair out = both.output(F32, 20, 4, 32);

    both.run(
        backend ->
            backend.biasedAttention(
                query.of(backend),
                key.of(backend),
                value.of(backend),
                bias.of(backend),
                1,
                out.of(backend)));

    both.assertClose(out, 1e-5);
  }

  /** Kernels of all sizes that the autoencoders have, few outputs and many. */
  @ParameterizedTest
  @CsvSource({
    "F16, 16, 384, 3, 3, 3, 2",
    "F16, 96, 3, 3, 3, 3, 2",
    "F16, 64, 128, 3, 1, 1, 1",
    "BF16, 192, 96, 1, 3, 3, 0",
    "F16, 32, 64, 3, 3, 3, 0"
  })
  void convolves(
      DType type, int inputs, int outputs, int frames, int height, int width, int history) {
    Pair x = both.input(type, 3, 9, 7, inputs);
    Pair past = history == 0 ? null : both.input(type, history, 9, 7, inputs);
    Pair weight =
        scaled(type, inputs * frames * height * width, outputs, frames, height, width, inputs);
    Pair bias = both.input(F32, outputs);
    Pair gamma = both.input(F32, inputs);
    Pair residual = both.input(type, 3, 9, 7, outputs);
    Pair plain = both.output(type, 3, 9, 7, outputs);
    Pair normed = both.output(type, 3, 9, 7, outputs);

    both.run(
        backend -> {
          Tensor before = past == null ? null : past.of(backend);
          backend.convolve(
              x.of(backend),
              new Convolution(weight.of(backend), bias.of(backend)),
              before,
              null,
              plain.of(backend));
          backend.convolve(
              x.of(backend),
              new Convolution(weight.of(backend), bias.of(backend), gamma.of(backend)),
              before,
              residual.of(backend),
              normed.of(backend));
        });

    both.assertClose(plain, tolerance(type));
    both.assertClose(normed, tolerance(type));
  }

  @Test
  void convolvesAnEnlargedPicture() {
    Pair x = both.input(F16, 2, 5, 6, 64);
    Pair weight = scaled(F16, 64 * 9, 32, 1, 3, 3, 64);
    Pair bias = both.input(F32, 32);
    Pair out = both.output(F16, 2, 10, 12, 32);

    both.run(
        backend ->
            backend.upsampleConvolve(
                x.of(backend),
                new Convolution(weight.of(backend), bias.of(backend)),
                out.of(backend)));

    both.assertClose(out, tolerance(F16));
  }

  /** Weights that make sums of about 1. */
  private static Pair scaled(DType type, int terms, long... sizes) {
    Pair unscaled = both.input(F32, sizes);
    float[] values = unscaled.cpu().toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] /= (float) Math.sqrt(terms);
    }
    return both.input(type, values, sizes);
  }

  @Test
  void movesPixels() {
    Pair pairs = both.input(F16, 2, 3, 5, 32);
    Pair frames = both.output(F16, 4, 3, 5, 16);
    Pair small = both.input(F16, 2, 3, 4, 32);
    Pair large = both.input(F16, 3, 6, 8, 16);
    Pair patches = both.input(F16, 2, 3, 4, 12);
    Pair picture = both.output(F16, 2, 6, 8, 3);

    both.run(
        backend -> {
          backend.interleaveFrames(pairs.of(backend), frames.of(backend));
          backend.duplicateUpsampleAdd(small.of(backend), 2, 1, large.of(backend));
          backend.unpatchifyPixels(patches.of(backend), 2, picture.of(backend));
        });

    both.assertClose(frames, 1e-7);
    both.assertClose(large, tolerance(F16));
    both.assertClose(picture, 1e-7);
  }

  @Test
  void makesBytesOfPixels() {
    Pair x = both.input(F16, 2, 9, 7, 3);
    try (Tensor expected = Tensor.allocateHost(DType.U8, x.cpu().shape());
        Tensor actual = Tensor.allocateHost(DType.U8, x.cpu().shape())) {
      both.cpu().toRgb(x.cpu(), expected);
      both.gpu().toRgb(x.gpu(), actual);

      assertThat(actual.buffer()).isEqualTo(expected.buffer());
    }
  }

  @Test
  void movesLatentsToTokensAndBack() {
    int[] patch = {1, 2, 2};
    int[] order = {5, 3, 1, 0, 2, 4, 11, 9, 7, 6, 8, 10};
    Pair latents = both.input(F32, 16, 2, 4, 6);
    Pair tokens = both.output(F32, 12, 64);
    Pair back = both.output(F32, 16, 2, 4, 6);
    Pair video = both.output(F16, 2, 4, 6, 16);
    float[] deviations = both.input(F32, 16).cpu().toFloats();
    float[] means = both.input(F32, 16).cpu().toFloats();

    both.run(
        backend -> {
          backend.patchify(latents.of(backend), patch, order, tokens.of(backend));
          backend.unpatchify(tokens.of(backend), patch, order, back.of(backend));
          backend.latentsToVideo(latents.of(backend), deviations, means, video.of(backend));
        });

    both.assertClose(tokens, 1e-7);
    both.assertClose(back, 1e-7);
    both.assertClose(video, tolerance(F16));
  }

  @Test
  void gathersRows() {
    Pair table = both.input(F32, 9, 12);
    Pair out = both.output(F32, 4, 12);

    both.run(backend -> backend.gather(table.of(backend), new int[] {8, 0, 3, 3}, out.of(backend)));

    both.assertClose(out, 1e-7);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void computesElementByElement(DType type) {
    Pair a = both.input(type, 33, 20);
    Pair b = both.input(type, 33, 20);
    Pair row = both.input(F32, 20);
    Pair sum = both.output(type, 33, 20);
    Pair product = both.output(type, 33, 20);
    Pair activated = both.output(type, 33, 20);
    Pair shifted = both.output(type, 33, 20);

    both.run(
        backend -> {
          backend.combine(
              new float[] {5, -4, 0.5f},
              List.of(a.of(backend), b.of(backend), a.of(backend)),
              sum.of(backend));
          backend.multiply(a.of(backend), b.of(backend), product.of(backend));
          backend.activate(a.of(backend), Activation.SILU, activated.of(backend));
          backend.addRow(a.of(backend), row.of(backend), shifted.of(backend));
        });

    for (Pair pair : List.of(sum, product, activated, shifted)) {
      both.assertClose(pair, tolerance(type));
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, NaN", "F32, Infinity", "BF16, -Infinity", "F16, NaN", "F16, Infinity"})
  void findsWhatIsNotFinite(DType type, float bad) {
    float[] values = new float[1000];
    assertThat(both.gpu().isFinite(both.input(type, values, 1000).gpu())).isTrue();
    values[777] = bad;
    assertThat(both.gpu().isFinite(both.input(type, values, 1000).gpu())).isFalse();
  }

  @Test
  void refusesMoreMemoryThanItReserved() {
    assertThatThrownBy(() -> both.gpu().allocate(1L << 30))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY))
        .hasMessageContainingAll("4294967296 bytes", "2147483648", "spark.reelspark.gpu.memoryMib");
  }
}
