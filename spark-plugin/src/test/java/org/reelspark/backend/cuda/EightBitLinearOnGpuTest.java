package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.reelspark.tensor.DType.BF16;
import static org.reelspark.tensor.DType.F32;
import static org.reelspark.tensor.DType.F8_E4M3;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.cuda.TwoBackends.Pair;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Linear layers in 8 bits against the processor's, of the same values rounded by definition. */
@NeedsGpu
class EightBitLinearOnGpuTest {
  private static final int INPUTS = 512;
  private static final int OUTPUTS = 96;

  /** Results are rounded to bf16; sums are cut off 13 bits below their greatest addend. */
  private static final double TOLERANCE = 1e-2;

  /**
   * Rounding to three bits after the first moves Gaussian numbers by 2.65% of their deviation, and
   * so sums of their products by the square root of two times that.
   */
  private static final double ROUNDING = 0.0375;

  private static TwoBackends both;

  @BeforeAll
  static void open() {
    try {
      both = new TwoBackends(AttentionPrecision.SIXTEEN_BIT, LinearPrecision.EIGHT_BIT);
    } catch (ReelsparkException e) {
      Assumptions.assumeFalse(e.code() == ErrorCode.INVALID_CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  @AfterEach
  void clear() {
    both.clear();
  }

  @AfterAll
  static void close() {
    if (both != null) {
      both.close();
    }
  }

  /** A layer on the GPU, and on the processor the same with weights rounded to e4m3. */
  private record Layer(Linear cpu, Linear gpu) implements AutoCloseable {
    static Layer of(DType stored, long outputs) {
      float[] values = both.input(stored, outputs, INPUTS).cpu().toFloats();
      Pair bias = both.input(BF16, outputs);
      Pair rounded = both.input(F32, E4m3.roundedRows(values, INPUTS), outputs, INPUTS);
      try (Tensor host = Halves.tensor(stored, Shape.of(outputs, INPUTS), values)) {
        return new Layer(
            new Linear(rounded.cpu(), bias.cpu()), both.gpu().uploadLarge(host, bias.cpu(), F32));
      }
    }

    @Override
    public void close() {
      gpu.close();
    }
  }

  /** For the processor, x rounded to e4m3. */
  private static Tensor rounded(Pair x) {
    float[] values = E4m3.roundedRows(x.cpu().toFloats(), INPUTS);
    return both.input(F32, values, x.cpu().shape().toArray()).cpu();
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void keepsWeightsInOneByteEach(DType stored) {
    try (Layer layer = Layer.of(stored, OUTPUTS)) {
      assertThat(layer.gpu.weight().dtype()).isEqualTo(F8_E4M3);
      assertThat(layer.gpu.weight().byteSize()).isEqualTo((long) OUTPUTS * INPUTS);
      assertThat(layer.gpu.scales().elementCount()).isEqualTo(OUTPUTS);
      assertThat(layer.gpu.bias().dtype()).isEqualTo(BF16);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, F32, NONE", "BF16, BF16, NONE", "BF16, F32, GELU_TANH", "BF16, F16, SILU"})
  void multipliesRowsRoundedToE4m3(DType xType, DType stored, Activation activation) {
    try (Layer layer = Layer.of(stored, OUTPUTS)) {
      for (int rows : new int[] {1, 100, 333}) {
        Pair x = both.input(xType, rows, INPUTS);
        Pair out = both.output(BF16, rows, OUTPUTS);

        both.cpu().linear(rounded(x), layer.cpu, activation, out.cpu());
        both.gpu().linear(x.gpu(), layer.gpu, activation, out.gpu());

        both.assertClose(out, TOLERANCE);
      }
    }
  }

  @Test
  void isAsExactAsEightBitsAre() {
    Pair x = both.input(BF16, 200, INPUTS);
    Pair weight = both.input(BF16, OUTPUTS, INPUTS);
    Pair bias = both.input(BF16, new float[OUTPUTS], OUTPUTS);
    Pair out = both.output(BF16, 200, OUTPUTS);

    both.cpu().linear(x.cpu(), new Linear(weight.cpu(), null), Activation.NONE, out.cpu());
    try (Linear layer = both.gpu().uploadLarge(weight.cpu(), bias.cpu(), BF16)) {
      both.gpu().linear(x.gpu(), layer, Activation.NONE, out.gpu());
    }

    both.assertClose(out, 1.2 * ROUNDING);
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "70"})
  void addsToTheResidualThroughAGateOrNone(int gates) {
    Pair x = both.input(BF16, 70, INPUTS);
    Pair gate = gates <= 1 ? both.input(F32, OUTPUTS) : both.input(F32, gates, OUTPUTS);
    Pair residual = both.input(F32, 70, OUTPUTS);
    try (Layer layer = Layer.of(BF16, OUTPUTS)) {
      both.cpu().linearAdd(rounded(x), layer.cpu, gates == 0 ? null : gate.cpu(), residual.cpu());
      both.gpu().linearAdd(x.gpu(), layer.gpu, gates == 0 ? null : gate.gpu(), residual.gpu());
    }

    both.assertClose(residual, TOLERANCE);
  }

  @Test
  void severalLayersOfOneInputGiveTheBitsOfEach() {
    Tensor x = both.input(BF16, 100, INPUTS).gpu();
    try (Layer first = Layer.of(F32, OUTPUTS);
        Layer second = Layer.of(F32, 2 * OUTPUTS)) {
      Tensor firstAlone = both.output(BF16, 100, OUTPUTS).gpu();
      Tensor secondAlone = both.output(BF16, 100, 2 * OUTPUTS).gpu();
      Tensor firstOut = both.output(BF16, 100, OUTPUTS).gpu();
      Tensor secondOut = both.output(BF16, 100, 2 * OUTPUTS).gpu();

      both.gpu().linear(x, first.gpu, Activation.NONE, firstAlone);
      both.gpu().linear(x, second.gpu, Activation.NONE, secondAlone);
      both.gpu().linear(x, List.of(first.gpu, second.gpu), List.of(firstOut, secondOut));

      assertThat(both.download(firstOut)).isEqualTo(both.download(firstAlone));
      assertThat(both.download(secondOut)).isEqualTo(both.download(secondAlone));
    }
  }

  /** Rows of zeros give the bias alone; the rows beside them do not matter. */
  @Test
  void rowsDoNotDependOnEachOther() {
    float[] values = both.input(BF16, 2, INPUTS).cpu().toFloats();
    float[] withZeros = values.clone();
    Arrays.fill(withZeros, INPUTS, 2 * INPUTS, 0);
    Tensor x = both.input(BF16, values, 2, INPUTS).gpu();
    Tensor half = both.input(BF16, withZeros, 2, INPUTS).gpu();
    Tensor out = both.output(BF16, 2, OUTPUTS).gpu();
    Tensor halfOut = both.output(BF16, 2, OUTPUTS).gpu();
    try (Layer layer = Layer.of(BF16, OUTPUTS)) {
      both.gpu().linear(x, layer.gpu, Activation.NONE, out);
      both.gpu().linear(half, layer.gpu, Activation.NONE, halfOut);

      float[] expected = Arrays.copyOf(both.download(out), 2 * OUTPUTS);
      System.arraycopy(both.download(layer.gpu.bias()), 0, expected, OUTPUTS, OUTPUTS);
      assertThat(both.download(halfOut)).isEqualTo(expected);
    }
  }

  @Test
  void otherSizesStaySixteenBits() {
    try (Layer layer = Layer.of(BF16, 40)) {
      assertThat(layer.gpu.weight().dtype()).isEqualTo(BF16);
      assertThat(layer.gpu.scales()).isNull();
    }
  }

  @Test
  void refusesToWriteThirtyTwoBits() {
    Tensor x = both.input(BF16, 8, INPUTS).gpu();
    Tensor out = both.output(F32, 8, OUTPUTS).gpu();
    try (Layer layer = Layer.of(BF16, OUTPUTS)) {
      assertThatThrownBy(() -> both.gpu().linear(x, layer.gpu, Activation.NONE, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("BF16");
    }
  }
}
