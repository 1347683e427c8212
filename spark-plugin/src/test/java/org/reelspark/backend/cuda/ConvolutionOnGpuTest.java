package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.reelspark.tensor.DType.F16;
import static org.reelspark.tensor.DType.F32;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Convolutions and rearrangements of pixels against the processor's. */
class ConvolutionOnGpuTest extends BackendComparison {
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
  private Pair scaled(DType type, int terms, long... sizes) {
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
}
