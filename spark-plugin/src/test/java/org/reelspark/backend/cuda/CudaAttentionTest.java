package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The kernels against the CPU reference, on inputs that both read in the same rounding. */
@NeedsGpu
class CudaAttentionTest {
  private static final HeadParameters TOP_K =
      new HeadParameters(new BlockSelection.TopK(0.4f), -1, HeadParameters.NO_PV_SKIP);
  private static final HeadParameters TOP_CDF =
      new HeadParameters(new BlockSelection.TopCdf(0.8f), 0.2f, HeadParameters.NO_PV_SKIP);
  private static final HeadParameters PV_SKIP =
      new HeadParameters(new BlockSelection.TopCdf(0.95f), -1, 8);

  /** Of each case, whatever the kernels. */
  private static final Map<AttentionCase, ReferenceAttention.Result> REFERENCES = new HashMap<>();

  private static Gpu gpu;

  @BeforeAll
  static void open() {
    gpu = Gpu.open();
  }

  @AfterAll
  static void close() {
    gpu.close();
  }

  static Stream<AttentionCase> cases() {
    AttentionCase base = AttentionCase.of(new AttentionShape(1, 2, 2, 640, 640, 128));
    AttentionCase small = AttentionCase.of(new AttentionShape(2, 4, 2, 500, 700, 64));
    List<AttentionCase> cases = new ArrayList<>();
    for (KernelChoice kernels : KernelChoice.values()) {
      cases.add(base.with(kernels));
      cases.add(base.with(kernels).with(TOP_K));
      cases.add(base.with(kernels).with(TOP_CDF));
      cases.add(base.with(kernels).with(TOP_CDF).with(Masking.CAUSAL));
      cases.add(base.with(kernels).with(PV_SKIP));
      cases.add(small.with(kernels));
      cases.add(small.with(kernels).with(TOP_CDF).with(AttentionSink.FIRST_BLOCK));
      cases.add(small.with(kernels).with(TOP_K).keeping(100));
      cases.add(small.with(kernels).with(TOP_K).with(AttentionLayout.HEAD_MAJOR));
      cases.add(small.with(kernels).with(Masking.CAUSAL));
      cases.add(small.with(kernels).with(DType.F32).with(TOP_K));
      cases.add(small.with(kernels).with(DType.F16).with(TOP_CDF));
      cases.add(small.with(kernels).with(TOP_K, HeadParameters.DENSE, TOP_CDF, PV_SKIP));
      for (int tokens : new int[] {1, 63, 65, 129, 300}) {
        cases.add(
            AttentionCase.of(new AttentionShape(1, 1, 1, tokens, tokens, 128))
                .with(kernels)
                .with(TOP_CDF)
                .with(Masking.CAUSAL));
      }
      cases.add(AttentionCase.of(new AttentionShape(1, 2, 1, 257, 77, 40)).with(kernels));
      cases.add(
          AttentionCase.of(new AttentionShape(1, 1, 1, 400, 150, 96))
              .with(kernels)
              .with(Masking.CAUSAL));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void followsTheReferenceIn8Bits(AttentionCase attentionCase) {
    compare(attentionCase, AttentionPrecision.EIGHT_BIT, 0.06);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void followsTheReferenceIn16Bits(AttentionCase attentionCase) {
    compare(attentionCase, AttentionPrecision.SIXTEEN_BIT, 0.01);
  }

  private static void compare(
      AttentionCase attentionCase, AttentionPrecision precision, double tolerance) {
    ReferenceAttention.Result expected =
        REFERENCES.computeIfAbsent(
            attentionCase.with(KernelChoice.FASTEST), AttentionCase::reference);
    try (AttentionTensors tensors = attentionCase.upload(gpu);
        KernelLibrary library = attentionCase.kernels().library(gpu);
        CudaAttention attention =
            new CudaAttention(gpu.stream(), library, gpu.memory(), precision)) {
      Supplier<AttentionStatistics> statistics =
          attention.attention(tensors.inputs(), attentionCase.parameters(), tensors.out());

      float[] actual = attentionCase.headMajor(gpu.floats(tensors.out()));
      assertThat(relativeDistance(actual, expected.output())).isLessThan(tolerance);
      AttentionStatistics counts = statistics.get();
      assertThat(counts.admissible()).isEqualTo(expected.statistics().admissible());
      assertThat(counts.qkSparsity()).isCloseTo(expected.statistics().qkSparsity(), within(0.02));
      assertThat(counts.sparsity()).isCloseTo(expected.statistics().sparsity(), within(0.05));
    }
  }

  @ParameterizedTest
  @EnumSource(AttentionPrecision.class)
  void givesTheSameBitsEveryTime(AttentionPrecision precision) {
    AttentionCase attentionCase =
        AttentionCase.of(new AttentionShape(1, 6, 3, 1500, 1500, 64)).with(TOP_CDF);
    try (AttentionTensors tensors = attentionCase.upload(gpu);
        CudaAttention attention =
            new CudaAttention(gpu.stream(), gpu.kernels(), gpu.memory(), precision)) {
      float[] first = null;
      for (int run = 0; run < 4; run++) {
        attention.attention(tensors.inputs(), attentionCase.parameters(), tensors.out());
        float[] result = gpu.floats(tensors.out());
        first = first == null ? result : first;

        assertThat(result).isEqualTo(first);
      }
    }
  }

  @Test
  void countsComeAfterManyCallsThatNobodyWaitedFor() {
    AttentionCase attentionCase =
        AttentionCase.of(new AttentionShape(1, 2, 2, 700, 700, 64)).with(TOP_K);
    try (AttentionTensors tensors = attentionCase.upload(gpu);
        CudaAttention attention =
            new CudaAttention(
                gpu.stream(), gpu.kernels(), gpu.memory(), AttentionPrecision.EIGHT_BIT)) {
      List<Supplier<AttentionStatistics>> counts = new ArrayList<>();
      for (int call = 0; call < 300; call++) {
        counts.add(
            attention.attention(tensors.inputs(), attentionCase.parameters(), tensors.out()));
      }

      assertThat(counts).extracting(Supplier::get).containsOnly(counts.get(0).get());
    }
  }

  @Test
  void queriesWithoutKeysGiveZeros() {
    Shape shape = Shape.of(1, 3, 2, 64);
    try (Tensor query = gpu.memory().allocate(shape.toArray());
        Tensor key = gpu.memory().allocate(1, 0, 2, 64);
        Tensor out = gpu.upload(DType.F32, shape, nan(shape));
        CudaAttention attention =
            new CudaAttention(
                gpu.stream(), gpu.kernels(), gpu.memory(), AttentionPrecision.EIGHT_BIT)) {
      attention.attention(
          new AttentionInputs(query, key, key, AttentionLayout.TOKEN_MAJOR),
          AttentionParameters.dense(2, 1),
          out);

      assertThat(gpu.floats(out)).containsOnly(0);
    }
  }

  @Test
  void refusesHeadsThatKernelsCannotRead() {
    AttentionCase attentionCase = AttentionCase.of(new AttentionShape(1, 1, 1, 8, 8, 20));
    try (AttentionTensors tensors = attentionCase.upload(gpu);
        CudaAttention attention =
            new CudaAttention(
                gpu.stream(), gpu.kernels(), gpu.memory(), AttentionPrecision.EIGHT_BIT)) {
      assertThatThrownBy(
              () ->
                  attention.attention(tensors.inputs(), attentionCase.parameters(), tensors.out()))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_UNSUPPORTED))
          .hasMessageContaining("20 dimensions");
    }
  }

  private static float[] nan(Shape shape) {
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    Arrays.fill(values, Float.NaN);
    return values;
  }

  /** Sum of differences over the sum of magnitudes; NaN where either is. */
  private static double relativeDistance(float[] actual, float[] expected) {
    double difference = 0;
    double magnitude = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.abs((double) actual[i] - expected[i]);
      magnitude += Math.abs(expected[i]);
    }
    return difference / magnitude;
  }
}
