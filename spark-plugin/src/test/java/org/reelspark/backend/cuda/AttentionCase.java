package org.reelspark.backend.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.attention.AttentionSink;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.Masking;
import org.reelspark.attention.ReferenceAttention;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** One attention call of a test; inputs follow from it. */
record AttentionCase(
    AttentionShape shape,
    KernelChoice kernels,
    DType dtype,
    AttentionLayout layout,
    AttentionParameters parameters) {
  /** Dense, in bf16, token-major, by the fastest kernels. */
  static AttentionCase of(AttentionShape shape) {
    return new AttentionCase(
        shape,
        KernelChoice.FASTEST,
        DType.BF16,
        AttentionLayout.TOKEN_MAJOR,
        AttentionParameters.dense(
            shape.queryHeads(), (float) (1 / Math.sqrt(shape.headDimension()))));
  }

  AttentionCase with(KernelChoice other) {
    return new AttentionCase(shape, other, dtype, layout, parameters);
  }

  AttentionCase with(DType other) {
    return new AttentionCase(shape, kernels, other, layout, parameters);
  }

  AttentionCase with(AttentionLayout other) {
    return new AttentionCase(shape, kernels, dtype, other, parameters);
  }

  AttentionCase with(HeadParameters head) {
    return with(Collections.nCopies(shape.queryHeads(), head).toArray(HeadParameters[]::new));
  }

  /** One for each head. */
  AttentionCase with(HeadParameters... heads) {
    return with(
        new AttentionParameters(
            List.of(heads),
            parameters.scale(),
            parameters.masking(),
            parameters.sink(),
            parameters.keptKeyTokens()));
  }

  AttentionCase with(Masking masking) {
    return with(
        new AttentionParameters(
            parameters.heads(),
            parameters.scale(),
            masking,
            parameters.sink(),
            parameters.keptKeyTokens()));
  }

  AttentionCase with(AttentionSink sink) {
    return with(
        new AttentionParameters(
            parameters.heads(),
            parameters.scale(),
            parameters.masking(),
            sink,
            parameters.keptKeyTokens()));
  }

  AttentionCase keeping(int keptKeyTokens) {
    return with(
        new AttentionParameters(
            parameters.heads(),
            parameters.scale(),
            parameters.masking(),
            parameters.sink(),
            keptKeyTokens));
  }

  private AttentionCase with(AttentionParameters other) {
    return new AttentionCase(shape, kernels, dtype, layout, other);
  }

  ReferenceAttention.Result reference() {
    return ReferenceAttention.attend(shape, query(), key(), value(), parameters);
  }

  AttentionTensors upload(Gpu gpu) {
    float[] poison = new float[Math.toIntExact(shape.queryElements())];
    Arrays.fill(poison, Float.NaN);
    return new AttentionTensors(
        new AttentionInputs(
            upload(gpu, query(), shape.queryHeads(), shape.queryTokens()),
            upload(gpu, key(), shape.keyHeads(), shape.keyTokens()),
            upload(gpu, value(), shape.keyHeads(), shape.keyTokens()),
            layout),
        upload(gpu, poison, shape.queryHeads(), shape.queryTokens()));
  }

  private Tensor upload(Gpu gpu, float[] headMajor, int heads, int tokens) {
    int dimension = shape.headDimension();
    return switch (layout) {
      case HEAD_MAJOR ->
          gpu.upload(dtype, Shape.of(shape.batch(), heads, tokens, dimension), headMajor);
      case TOKEN_MAJOR ->
          gpu.upload(
              dtype,
              Shape.of(shape.batch(), tokens, heads, dimension),
              exchange(headMajor, heads, tokens));
    };
  }

  /** An output in the layout of the case as {@code [batch, head, token, dimension]}. */
  float[] headMajor(float[] output) {
    return switch (layout) {
      case HEAD_MAJOR -> output;
      case TOKEN_MAJOR -> exchange(output, shape.queryTokens(), shape.queryHeads());
    };
  }

  /** {@code [batch, a, b, dimension]} as {@code [batch, b, a, dimension]}. */
  private float[] exchange(float[] values, int a, int b) {
    int dimension = shape.headDimension();
    float[] exchanged = new float[values.length];
    for (int batch = 0; batch < shape.batch(); batch++) {
      for (int i = 0; i < a; i++) {
        for (int j = 0; j < b; j++) {
          System.arraycopy(
              values,
              ((batch * a + i) * b + j) * dimension,
              exchanged,
              ((batch * b + j) * a + i) * dimension,
              dimension);
        }
      }
    }
    return exchanged;
  }

  private float[] query() {
    return clustered(1, shape.queryHeads(), shape.queryTokens());
  }

  private float[] key() {
    return clustered(2, shape.keyHeads(), shape.keyTokens());
  }

  private float[] value() {
    return clustered(3, shape.keyHeads(), shape.keyTokens());
  }

  /** Tokens about directions that change every hundred tokens, so that blocks differ in weight. */
  private float[] clustered(int seed, int heads, int tokens) {
    Random random = new Random(seed);
    int dimension = shape.headDimension();
    List<float[]> directions = new ArrayList<>();
    Random shared = new Random(99);
    for (int i = 0; i < 1 + tokens / 100; i++) {
      directions.add(gaussian(shared, dimension));
    }
    float[] values = new float[shape.batch() * heads * tokens * dimension];
    for (int row = 0; row < values.length / dimension; row++) {
      float[] direction = directions.get(row % tokens / 100);
      for (int i = 0; i < dimension; i++) {
        values[row * dimension + i] = 0.7f * direction[i] + (float) random.nextGaussian();
      }
    }
    return Halves.rounded(dtype, values);
  }

  private static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Override
  public String toString() {
    return "%s %s %s %s %s".formatted(kernels, dtype, layout, shape, parameters);
  }
}
