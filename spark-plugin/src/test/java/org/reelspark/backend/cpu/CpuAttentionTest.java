package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.reelspark.attention.HeadParameters.NO_PV_SKIP;
import static org.reelspark.attention.HeadParameters.NO_SIMILARITY_GATE;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionSink;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.Masking;
import org.reelspark.attention.ReferenceAttention;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class CpuAttentionTest {

  private enum Kernel {
    VECTOR(new VectorAttentionKernel()),
    PLAIN(new PlainAttentionKernel());

    private final AttentionKernel kernel;

    Kernel(AttentionKernel kernel) {
      this.kernel = kernel;
    }
  }

  static Stream<Arguments> equalsTheReference() {
    AttentionShape[] shapes = {
      new AttentionShape(1, 1, 1, 1, 1, 1),
      new AttentionShape(1, 2, 2, 128, 64, 64),
      new AttentionShape(2, 4, 2, 300, 333, 24),
      new AttentionShape(1, 3, 1, 500, 130, 128),
      new AttentionShape(1, 2, 2, 70, 640, 40),
      new AttentionShape(1, 2, 1, 450, 450, 7),
      new AttentionShape(1, 1, 1, 193, 257, 80),
    };
    List<Arguments> cases = new ArrayList<>();
    for (AttentionShape shape : shapes) {
      for (Masking masking : Masking.values()) {
        for (Kernel kernel : Kernel.values()) {
          cases.add(Arguments.of(shape, masking, kernel));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource
  void equalsTheReference(AttentionShape shape, Masking masking, Kernel kernel) {
    Inputs inputs = Inputs.smooth(shape);
    AttentionParameters parameters = mixedParameters(shape, masking);
    ReferenceAttention.Result expected = inputs.reference(parameters);
    for (AttentionLayout layout : AttentionLayout.values()) {
      Outcome actual = run(inputs, layout, parameters, kernel.kernel, 2);
      assertThat(largestDifference(actual.output, expected.output())).isLessThan(1e-5);
      assertThat(actual.statistics).isEqualTo(expected.statistics());
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesOutTheSameBlocksAsTheReference(Kernel kernel) {
    AttentionShape shape = new AttentionShape(1, 2, 2, 400, 700, 32);
    Inputs inputs = Inputs.smooth(shape);
    for (int i = 0; i < inputs.query.length; i++) {
      inputs.query[i] *= 8;
    }
    HeadParameters head = new HeadParameters(new BlockSelection.TopCdf(0.98f), 0.1f, 4f);
    AttentionParameters parameters = AttentionParameters.uniform(2, head, 0.18f);

    ReferenceAttention.Result expected = inputs.reference(parameters);
    Outcome actual = run(inputs, AttentionLayout.TOKEN_MAJOR, parameters, kernel.kernel, 2);

    assertThat(expected.statistics().pvSkipped()).isPositive();
    assertThat(actual.statistics).isEqualTo(expected.statistics());
    assertThat(largestDifference(actual.output, expected.output())).isLessThan(1e-5);
  }

  @ParameterizedTest
  @EnumSource
  void followsAMaximumThatGrowsFromBlockToBlock(Kernel kernel) {
    AttentionShape shape = new AttentionShape(1, 1, 1, 64, 640, 1);
    Inputs inputs = Inputs.smooth(shape);
    for (int i = 0; i < 640; i++) {
      inputs.key[i] = -300 + i / 64 * 60 + i % 64 * 0.01f;
    }
    for (int i = 0; i < 64; i++) {
      inputs.query[i] = i % 3 - 1;
    }
    AttentionParameters parameters = AttentionParameters.dense(1, 1);
    Outcome actual = run(inputs, AttentionLayout.HEAD_MAJOR, parameters, kernel.kernel, 1);
    assertThat(largestDifference(actual.output, inputs.reference(parameters).output()))
        .isLessThan(1e-5);
  }

  @ParameterizedTest
  @EnumSource
  void treatsValuesThatAreNotFiniteAsTheReferenceDoes(Kernel kernel) {
    AttentionShape shape = new AttentionShape(1, 1, 1, 300, 400, 16);
    float[] specials = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f};
    for (Masking masking : Masking.values()) {
      for (float special : specials) {
        for (int which = 0; which < 3; which++) {
          Inputs inputs = Inputs.smooth(shape);
          float[] changed = List.of(inputs.query, inputs.key, inputs.value).get(which);
          changed[200 * 16 + 3] = special;
          AttentionParameters parameters =
              new AttentionParameters(
                  List.of(new HeadParameters(new BlockSelection.TopK(0.4f), 0.1f, 10f)),
                  0.25f,
                  masking,
                  AttentionSink.NONE,
                  0);
          Outcome actual = run(inputs, AttentionLayout.HEAD_MAJOR, parameters, kernel.kernel, 1);
          ReferenceAttention.Result expected = inputs.reference(parameters);
          assertThat(actual.statistics).isEqualTo(expected.statistics());
          for (int i = 0; i < actual.output.length; i++) {
            float difference = Math.abs(actual.output[i] - expected.output()[i]);
            assertThat(
                    Float.compare(actual.output[i], expected.output()[i]) == 0
                        || difference <= 1e-5 * Math.max(1, Math.abs(expected.output()[i])))
                .as(
                    "%s in input %d, %s, element %d: %s and %s",
                    special, which, masking, i, actual.output[i], expected.output()[i])
                .isTrue();
          }
        }
      }
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    AttentionShape shape = new AttentionShape(2, 4, 2, 700, 600, 48);
    Inputs inputs = Inputs.smooth(shape);
    AttentionParameters parameters = mixedParameters(shape, Masking.BIDIRECTIONAL);
    AttentionKernel kernel = new VectorAttentionKernel();
    Outcome one = run(inputs, AttentionLayout.TOKEN_MAJOR, parameters, kernel, 1);
    for (int threads : new int[] {2, 3, 7}) {
      Outcome several = run(inputs, AttentionLayout.TOKEN_MAJOR, parameters, kernel, threads);
      assertThat(several.output).isEqualTo(one.output);
      assertThat(several.statistics).isEqualTo(one.statistics);
    }
  }

  @Test
  void callsOfDifferentSizesDoNotDisturbEachOther() {
    AttentionKernel kernel = new VectorAttentionKernel();
    try (WorkerPool pool = new WorkerPool(2)) {
      CpuAttention attention = new CpuAttention(pool, kernel);
      AttentionShape[] shapes = {
        new AttentionShape(1, 2, 2, 200, 500, 64),
        new AttentionShape(1, 2, 2, 200, 3, 64),
        new AttentionShape(1, 4, 4, 129, 65, 23),
        new AttentionShape(1, 2, 2, 200, 500, 64),
      };
      for (AttentionShape shape : shapes) {
        Inputs inputs = Inputs.smooth(shape);
        AttentionParameters parameters = mixedParameters(shape, Masking.BIDIRECTIONAL);
        Outcome actual = run(attention, inputs, AttentionLayout.TOKEN_MAJOR, parameters);
        assertThat(largestDifference(actual.output, inputs.reference(parameters).output()))
            .isLessThan(1e-5);
      }
    }
  }

  @Test
  void noKeysGiveZeros() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 10, 0, 8);
    Inputs inputs = Inputs.smooth(shape);
    Outcome actual =
        run(
            inputs,
            AttentionLayout.HEAD_MAJOR,
            mixedParameters(shape, Masking.BIDIRECTIONAL),
            new VectorAttentionKernel(),
            1);
    assertThat(actual.output).containsOnly(0f);
    assertThat(actual.statistics).isEqualTo(AttentionStatistics.NONE);
  }

  @Test
  void refusesAnOutputThatOverlapsAnInput() {
    try (WorkerPool pool = new WorkerPool(1);
        Tensor x = Tensor.ofFloats(Shape.of(1, 1, 1, 4), 1, 2, 3, 4)) {
      CpuAttention attention = new CpuAttention(pool, new VectorAttentionKernel());
      AttentionInputs inputs = new AttentionInputs(x, x, x, AttentionLayout.HEAD_MAJOR);
      assertThatThrownBy(() -> attention.attention(inputs, AttentionParameters.dense(1, 1), x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("overlaps");
    }
  }

  /** Heads with every kind of selection, in turn. */
  private static AttentionParameters mixedParameters(AttentionShape shape, Masking masking) {
    HeadParameters[] kinds = {
      new HeadParameters(new BlockSelection.TopCdf(0.7f), 0.2f, NO_PV_SKIP),
      new HeadParameters(new BlockSelection.TopK(0.4f), NO_SIMILARITY_GATE, NO_PV_SKIP),
      HeadParameters.DENSE,
    };
    List<HeadParameters> heads = new ArrayList<>();
    for (int head = 0; head < shape.queryHeads(); head++) {
      heads.add(kinds[head % kinds.length]);
    }
    float scale = (float) (1 / Math.sqrt(shape.headDimension()));
    return new AttentionParameters(heads, scale, masking, AttentionSink.FIRST_BLOCK, 70);
  }

  private record Outcome(float[] output, AttentionStatistics statistics) {}

  private static Outcome run(
      Inputs inputs,
      AttentionLayout layout,
      AttentionParameters parameters,
      AttentionKernel kernel,
      int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      return run(new CpuAttention(pool, kernel), inputs, layout, parameters);
    }
  }

  private static Outcome run(
      CpuAttention attention,
      Inputs inputs,
      AttentionLayout layout,
      AttentionParameters parameters) {
    AttentionShape shape = inputs.shape;
    try (Tensor query =
            tensor(inputs.query, shape.queryHeads(), shape.queryTokens(), shape, layout);
        Tensor key = tensor(inputs.key, shape.keyHeads(), shape.keyTokens(), shape, layout);
        Tensor value = tensor(inputs.value, shape.keyHeads(), shape.keyTokens(), shape, layout);
        Tensor out = Tensor.allocateHost(DType.F32, query.shape())) {
      AttentionStatistics statistics =
          attention.attention(new AttentionInputs(query, key, value, layout), parameters, out);
      float[] output = out.toFloats();
      return new Outcome(
          switch (layout) {
            case HEAD_MAJOR -> output;
            case TOKEN_MAJOR ->
                swapped(output, shape.batch(), shape.queryTokens(), shape.queryHeads(), shape);
          },
          statistics);
    }
  }

  private static Tensor tensor(
      float[] headMajor, int heads, int tokens, AttentionShape shape, AttentionLayout layout) {
    int batch = shape.batch();
    int dimension = shape.headDimension();
    return switch (layout) {
      case HEAD_MAJOR -> Tensor.ofFloats(Shape.of(batch, heads, tokens, dimension), headMajor);
      case TOKEN_MAJOR ->
          Tensor.ofFloats(
              Shape.of(batch, tokens, heads, dimension),
              swapped(headMajor, batch, heads, tokens, shape));
    };
  }

  /** {@code [batch, a, b, headDimension]} as {@code [batch, b, a, headDimension]}. */
  private static float[] swapped(float[] x, int batch, int a, int b, AttentionShape shape) {
    int dimension = shape.headDimension();
    float[] y = new float[x.length];
    for (int n = 0; n < batch; n++) {
      for (int i = 0; i < a; i++) {
        for (int j = 0; j < b; j++) {
          System.arraycopy(
              x,
              ((n * a + i) * b + j) * dimension,
              y,
              ((n * b + j) * a + i) * dimension,
              dimension);
        }
      }
    }
    return y;
  }

  private static double largestDifference(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      largest = difference > largest || Double.isNaN(difference) ? difference : largest;
    }
    return largest;
  }

  /** Head-major arrays whose tokens resemble their neighbours. */
  private record Inputs(AttentionShape shape, float[] query, float[] key, float[] value) {
    static Inputs smooth(AttentionShape shape) {
      Random random = new Random(17);
      return new Inputs(
          shape,
          smooth(random, shape.queryElements(), shape.headDimension()),
          smooth(random, shape.keyElements(), shape.headDimension()),
          smooth(random, shape.keyElements(), shape.headDimension()));
    }

    private static float[] smooth(Random random, long count, int dimension) {
      float[] rows = new float[Math.toIntExact(count)];
      for (int i = 0; i < rows.length; i++) {
        float noise = (float) random.nextGaussian();
        rows[i] = i < dimension ? noise : 0.97f * rows[i - dimension] + 0.24f * noise;
      }
      return rows;
    }

    ReferenceAttention.Result reference(AttentionParameters parameters) {
      return ReferenceAttention.attend(shape, query, key, value, parameters);
    }
  }
}
