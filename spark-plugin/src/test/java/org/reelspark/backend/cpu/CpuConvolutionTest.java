package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.Tensor;

class CpuConvolutionTest {
  private static final double ROUNDING = 2e-5;

  private final RandomTensors random = new RandomTensors(5);
  private final CpuRuntime runtime = new CpuRuntime(2, new ScalarKernels());

  /** Ways to compute a convolution. */
  enum Method {
    FASTEST(null),
    DIRECT(DirectConvolution::new),
    GEMM(GemmConvolution::new);

    private final BiFunction<Convolution, PaddedTile, ConvolutionKernel> kernel;

    Method(BiFunction<Convolution, PaddedTile, ConvolutionKernel> kernel) {
      this.kernel = kernel;
    }

    CpuConvolution operations(CpuRuntime runtime) {
      return kernel == null ? new CpuConvolution(runtime) : new CpuConvolution(runtime, kernel);
    }
  }

  /** One convolution; kernels are {@code [frames, rows, columns]}. */
  record Case(
      Method method, int frames, int height, int width, int inputs, int outputs, int... kernel) {
    @Override
    public String toString() {
      return "%s %dx%dx%d, %d to %d, kernel %s"
          .formatted(method, frames, height, width, inputs, outputs, Arrays.toString(kernel));
    }
  }

  /** Sizes that tiles, groups of pixels and blocks of channels do not divide. */
  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      cases.add(new Case(method, 4, 9, 67, 5, 7, 3, 3, 3));
      cases.add(new Case(method, 1, 35, 6, 3, 16, 3, 3, 3));
      cases.add(new Case(method, 2, 4, 70, 6, 33, 1, 3, 3));
      cases.add(new Case(method, 5, 3, 5, 20, 40, 3, 1, 1));
      cases.add(new Case(method, 2, 5, 20, 32, 3, 3, 3, 3));
      cases.add(new Case(method, 1, 1, 1, 1, 1, 1, 3, 1));
    }
    cases.add(new Case(Method.FASTEST, 2, 3, 4, 90, 100, 3, 3, 3));
    cases.add(new Case(Method.FASTEST, 2, 5, 4, 3, 4, 1, 1, 1));
    cases.add(new Case(Method.FASTEST, 3, 7, 6, 3, 4, 2, 5, 7));
    return cases;
  }

  @BeforeAll
  static void loadBlas() {
    Blas.load();
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void convolvesAsDefined(Case shapes) {
    check(shapes, 0, null);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void looksBackIntoTheHistory(Case shapes) {
    for (int frames = 1; frames < shapes.kernel()[0]; frames++) {
      check(shapes, frames, null);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void normsInputAndHistoryFirst(Case shapes) {
    check(shapes, shapes.kernel()[0] - 1, random.normal(shapes.inputs()));
  }

  private void check(Case shapes, int historyFrames, Tensor gamma) {
    Tensor x = input(shapes, shapes.frames());
    Tensor history = historyFrames == 0 ? null : input(shapes, historyFrames);
    Convolution convolution = convolution(shapes, gamma);
    Tensor out = output(shapes);

    shapes.method().operations(runtime).convolve(x, convolution, history, null, out);

    assertClose(out, NaiveConvolution.convolve(x, convolution, history, null, 1));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void addsAResidualInPlace(Case shapes) {
    Tensor x = input(shapes, shapes.frames());
    Convolution convolution = convolution(shapes, null);
    Tensor out = output(shapes);
    double[] expected = NaiveConvolution.convolve(x, convolution, null, out, 1);

    shapes.method().operations(runtime).convolve(x, convolution, null, out, out);

    assertClose(out, expected);
  }

  @ParameterizedTest
  @EnumSource
  void convolvesThePictureTwiceAsLarge(Method method) {
    Case shapes = new Case(method, 2, 5, 37, 6, 33, 1, 3, 3);
    Convolution convolution = convolution(shapes, null);
    Tensor x = input(shapes, shapes.frames());
    Tensor out =
        random.normal(shapes.frames(), 2L * shapes.height(), 2L * shapes.width(), shapes.outputs());

    shapes.method().operations(runtime).upsampleConvolve(x, convolution, out);

    assertClose(out, NaiveConvolution.convolve(x, convolution, null, null, 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void threadsDoNotChangeABit(int threads) {
    Case shapes = new Case(Method.FASTEST, 3, 40, 130, 16, 24, 3, 3, 3);
    Tensor x = input(shapes, shapes.frames());
    Convolution convolution = convolution(shapes, random.normal(16));
    Tensor expected = output(shapes);
    Tensor found = output(shapes);
    new CpuConvolution(runtime).convolve(x, convolution, null, null, expected);

    try (CpuRuntime other = new CpuRuntime(threads, new ScalarKernels())) {
      new CpuConvolution(other).convolve(x, convolution, null, null, found);
    }

    assertThat(found.toFloats()).isEqualTo(expected.toFloats());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void everyMicrokernelAddsTheSameProducts(int pixels) {
    ConvolutionMicrokernel kernel =
        pixels == 4 ? new FourPixelMicrokernel() : new EightPixelMicrokernel();
    int block = kernel.channels();
    int length = 5;
    int stride = 2;
    float[] x = random.normal(3 + 2 * pixels * stride + length).toFloats();
    float[] weights = random.normal(3, length, 3, block).toFloats();
    float[] sums = random.normal(3, 2 * pixels, block).toFloats();
    float[] found = sums.clone();
    int plane = 2 * pixels * block;

    kernel.accumulate(
        x, 3, stride, length, weights, length * 3 * block, found, 0, plane, 2 * plane, block, 2);

    assertThat(kernel.pixels()).isEqualTo(pixels);
    for (int k = 0; k < 3; k++) {
      for (int p = 0; p < 2 * pixels; p++) {
        for (int n = 0; n < block; n++) {
          int index = k * plane + p * block + n;
          double expected = sums[index];
          for (int i = 0; i < length; i++) {
            float weight = weights[length * 3 * block + (i * 3 + k) * block + n];
            expected += (double) x[3 + p * stride + i] * weight;
          }
          assertThat((double) found[index]).isCloseTo(expected, within(ROUNDING));
        }
      }
    }
  }

  @Test
  void rejectsOutputOverItsInput() {
    Case shapes = new Case(Method.FASTEST, 1, 4, 4, 8, 8, 1, 3, 3);
    Tensor x = input(shapes, 1);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new CpuConvolution(runtime).convolve(x, convolution(shapes, null), null, null, x))
        .withMessageContaining("overlaps");
  }

  @Test
  void rejectsHistoryLongerThanTheKernelLooksBack() {
    Case shapes = new Case(Method.FASTEST, 1, 4, 4, 8, 8, 3, 3, 3);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new CpuConvolution(runtime)
                    .convolve(
                        input(shapes, 1),
                        convolution(shapes, null),
                        input(shapes, 3),
                        null,
                        output(shapes)))
        .withMessageContaining("2 frames");
  }

  @Test
  void rejectsKernelsThatHaveNoMiddle() {
    Case shapes = new Case(Method.FASTEST, 1, 4, 4, 8, 8, 1, 3, 2);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new CpuConvolution(runtime)
                    .convolve(
                        input(shapes, 1), convolution(shapes, null), null, null, output(shapes)))
        .withMessageContaining("must be odd");
  }

  private Tensor input(Case shapes, int frames) {
    return random.normal(frames, shapes.height(), shapes.width(), shapes.inputs());
  }

  private Tensor output(Case shapes) {
    return random.normal(shapes.frames(), shapes.height(), shapes.width(), shapes.outputs());
  }

  private Convolution convolution(Case shapes, Tensor gamma) {
    int[] kernel = shapes.kernel();
    Tensor weight =
        random.normal(shapes.outputs(), kernel[0], kernel[1], kernel[2], shapes.inputs());
    // As trained networks have it: sums of about unit size.
    float[] values = weight.toFloats();
    double products = (double) values.length / shapes.outputs();
    for (int i = 0; i < values.length; i++) {
      values[i] /= (float) Math.sqrt(products);
    }
    return new Convolution(
        Tensor.ofFloats(weight.shape(), values), random.normal(shapes.outputs()), gamma);
  }

  private static void assertClose(Tensor found, double[] expected) {
    float[] values = found.toFloats();
    assertThat(values).hasSize(expected.length);
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i]));
    }
    assertThat(largest).isLessThan(ROUNDING);
  }
}
