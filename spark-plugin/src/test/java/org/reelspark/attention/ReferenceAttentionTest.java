package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.reelspark.attention.HeadParameters.NO_PV_SKIP;
import static org.reelspark.attention.HeadParameters.NO_SIMILARITY_GATE;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.attention.BlockSelection.Dense;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;

class ReferenceAttentionTest {

  @ParameterizedTest
  @CsvSource({
    // batch, query heads, key heads, query tokens, key tokens, head dimension
    "1, 1, 1, 1, 1, 8",
    "2, 3, 3, 130, 200, 24",
    "1, 4, 2, 256, 128, 32",
    "1, 6, 1, 50, 300, 20",
    "1, 2, 2, 300, 63, 40",
    "1, 1, 1, 200, 200, 128"
  })
  void denseParametersGiveTextbookAttention(
      int batch, int queryHeads, int keyHeads, int queryTokens, int keyTokens, int dimension) {
    for (Masking masking : Masking.values()) {
      AttentionShape shape =
          new AttentionShape(batch, queryHeads, keyHeads, queryTokens, keyTokens, dimension);
      RandomInputs inputs = RandomInputs.normal(shape, 7);
      AttentionParameters parameters = parameters(shape, HeadParameters.DENSE, masking);

      ReferenceAttention.Result result = attend(inputs, parameters);

      BlockGeometry geometry = new BlockGeometry(queryTokens, keyTokens, masking);
      double[] expected =
          DenseAttention.attend(
              shape,
              inputs.query(),
              inputs.key(),
              inputs.value(),
              parameters.scale(),
              (h, i, j) -> j < geometry.visibleKeys(i));
      assertClose(result.output(), expected);
      assertThat(result.statistics().qkSparsity()).isZero();
      assertThat(result.statistics().sparsity()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void sparseOutputIsTextbookAttentionOverTheSelectedBlocks(Masking masking) {
    AttentionShape shape = new AttentionShape(1, 2, 1, 700, 650, 16);
    RandomInputs inputs = RandomInputs.smooth(shape, 3);
    AttentionParameters parameters =
        new AttentionParameters(
            List.of(
                new HeadParameters(new TopCdf(0.6f), 0.2f, NO_PV_SKIP),
                new HeadParameters(new TopK(0.3f), 0.2f, NO_PV_SKIP)),
            0.25f,
            masking,
            AttentionSink.NONE,
            0);

    ReferenceAttention.Result result = attend(inputs, parameters);

    BlockGeometry geometry = new BlockGeometry(700, 650, masking);
    boolean[][][] selected = new boolean[2][geometry.queryBlocks()][geometry.keyBlocks()];
    long pairs = 0;
    for (int head = 0; head < 2; head++) {
      int[][] blocks = selectedBlocks(inputs, parameters, head);
      for (int row = 0; row < blocks.length; row++) {
        pairs += blocks[row].length;
        for (int block : blocks[row]) {
          selected[head][row][block] = true;
        }
      }
    }
    double[] expected =
        DenseAttention.attend(
            shape,
            inputs.query(),
            inputs.key(),
            inputs.value(),
            parameters.scale(),
            (h, i, j) -> selected[h][i / 128][j / 64] && j < geometry.visibleKeys(i));
    assertClose(result.output(), expected);
    assertThat(result.statistics().selected()).isEqualTo(pairs);
    assertThat(result.statistics().admissible()).isEqualTo(2 * geometry.admissiblePairs());
    assertThat(result.statistics().qkSparsity()).isBetween(0.1, 0.9);
  }

  @Test
  void aMeanAddedToAllKeysChangesNeitherSelectionNorOutput() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 512, 512, 16);
    RandomInputs inputs = RandomInputs.smooth(shape, 11);
    AttentionParameters parameters =
        parameters(shape, new HeadParameters(new TopCdf(0.7f), 0.3f, NO_PV_SKIP));
    float[] moved = inputs.key().clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += 3 * (i % 16) - 10;
    }
    RandomInputs other = new RandomInputs(shape, inputs.query(), moved, inputs.value());

    assertThat(selectedBlocks(other, parameters, 0))
        .isDeepEqualTo(selectedBlocks(inputs, parameters, 0));
    float[] expected = attend(inputs, parameters).output();
    float[] actual = attend(other, parameters).output();
    for (int i = 0; i < expected.length; i += 7) {
      assertThat(actual[i]).isCloseTo(expected[i], within(2e-4f));
    }
  }

  @Test
  void queryHeadsOfAGroupPredictWithTheirOwnKeyHead() {
    AttentionShape grouped = new AttentionShape(1, 4, 2, 384, 384, 16);
    RandomInputs inputs = RandomInputs.smooth(grouped, 5);
    HeadParameters head = new HeadParameters(new TopK(0.4f), NO_SIMILARITY_GATE, NO_PV_SKIP);
    int perHead = 384 * 16;
    float[] repeatedKey = new float[4 * perHead];
    float[] repeatedValue = new float[4 * perHead];
    for (int h = 0; h < 4; h++) {
      System.arraycopy(inputs.key(), h / 2 * perHead, repeatedKey, h * perHead, perHead);
      System.arraycopy(inputs.value(), h / 2 * perHead, repeatedValue, h * perHead, perHead);
    }
    AttentionShape full = new AttentionShape(1, 4, 4, 384, 384, 16);
    RandomInputs repeated = new RandomInputs(full, inputs.query(), repeatedKey, repeatedValue);

    assertThat(attend(inputs, parameters(grouped, head)).output())
        .isEqualTo(attend(repeated, parameters(full, head)).output());
  }

  @Test
  void causalQueriesNeverSeeTheFuture() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 300, 300, 16);
    RandomInputs inputs = RandomInputs.normal(shape, 9);
    AttentionParameters parameters =
        parameters(
            shape,
            new HeadParameters(new TopK(0.5f), NO_SIMILARITY_GATE, NO_PV_SKIP),
            Masking.CAUSAL);
    float[] value = inputs.value().clone();
    Arrays.fill(value, 200 * 16, value.length, 1e30f);
    RandomInputs changed = new RandomInputs(shape, inputs.query(), inputs.key(), value);

    float[] before = attend(inputs, parameters).output();
    float[] after = attend(changed, parameters).output();

    assertThat(Arrays.copyOf(after, 200 * 16)).isEqualTo(Arrays.copyOf(before, 200 * 16));
    assertThat(after[200 * 16]).isGreaterThan(1e20f);
  }

  @Test
  void causalQueriesAlwaysSeeThemselves() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 1024, 1024, 8);
    AttentionParameters parameters =
        parameters(
            shape,
            new HeadParameters(new TopK(0.01f), NO_SIMILARITY_GATE, NO_PV_SKIP),
            Masking.CAUSAL);
    int[][] blocks = selectedBlocks(RandomInputs.normal(shape, 2), parameters, 0);
    for (int row = 0; row < blocks.length; row++) {
      assertThat(blocks[row]).contains(2 * row, 2 * row + 1);
    }
  }

  @Test
  void queriesBeforeTheFirstKeyGiveZeros() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 200, 50, 8);
    RandomInputs inputs = RandomInputs.normal(shape, 4);
    float[] output =
        attend(inputs, parameters(shape, HeadParameters.DENSE, Masking.CAUSAL)).output();
    assertThat(Arrays.copyOf(output, 150 * 8)).containsOnly(0f);
    assertThat(output[150 * 8]).isCloseTo(inputs.value()[0], within(1e-6f));
  }

  @Test
  void noKeysAtAllGiveZeros() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 10, 0, 8);
    ReferenceAttention.Result result =
        attend(
            RandomInputs.normal(shape, 1),
            parameters(shape, new HeadParameters(new TopCdf(0.5f), 0.5f, 3)));
    assertThat(result.output()).containsOnly(0f);
    assertThat(result.statistics()).isEqualTo(AttentionStatistics.NONE);
  }

  @Test
  void valuesBeyondHalfPrecisionSurvive() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 64, 64, 8);
    RandomInputs inputs = RandomInputs.normal(shape, 6);
    float[] value = new float[inputs.value().length];
    Arrays.fill(value, 1e30f);
    RandomInputs large = new RandomInputs(shape, inputs.query(), inputs.key(), value);
    float[] output = attend(large, parameters(shape, HeadParameters.DENSE)).output();
    assertThat(output[0]).isCloseTo(1e30f, within(1e24f));
  }

  @Test
  void aNaNKeyIsNotSilentlyDropped() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 256, 512, 8);
    RandomInputs inputs = RandomInputs.normal(shape, 6);
    inputs.key()[300 * 8] = Float.NaN;
    float[] output =
        attend(
                inputs,
                parameters(shape, new HeadParameters(new TopK(0.1f), NO_SIMILARITY_GATE, 2f)))
            .output();
    assertThat(output).containsOnly(Float.NaN);
  }

  @Test
  void aNaNQueryGivesNaNForItselfAlone() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 256, 512, 8);
    RandomInputs inputs = RandomInputs.normal(shape, 6);
    inputs.query()[8] = Float.NaN;
    float[] output =
        attend(
                inputs,
                parameters(shape, new HeadParameters(new TopK(0.1f), NO_SIMILARITY_GATE, 2f)))
            .output();
    for (int query = 0; query < 256; query++) {
      assertThat(Float.isNaN(output[query * 8])).as("query %d", query).isEqualTo(query == 1);
    }
  }

  @Test
  void negativelyInfiniteScoresWeighNothing() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 1, 3, 1);
    float[] key = {Float.NEGATIVE_INFINITY, 0, 0};
    RandomInputs inputs = new RandomInputs(shape, new float[] {1}, key, new float[] {100, 2, 4});
    assertThat(attend(inputs, parameters(shape, HeadParameters.DENSE)).output())
        .containsExactly(3f);
    Arrays.fill(key, Float.NEGATIVE_INFINITY);
    assertThat(attend(inputs, parameters(shape, HeadParameters.DENSE)).output())
        .containsExactly(0f);
  }

  @Test
  void pvThresholdLeavesOutBlocksFarBelowTheMaximum() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 128, 192, 1);
    float[] query = new float[128];
    Arrays.fill(query, 0, 64, 1f);
    float[] key = new float[192];
    float[] value = new float[192];
    Arrays.fill(key, 0, 64, 20f);
    Arrays.fill(value, 0, 64, 1f);
    Arrays.fill(value, 64, 192, 1e9f);
    RandomInputs inputs = new RandomInputs(shape, query, key, value);
    float scale = (float) Math.log(2);

    AttentionParameters off =
        AttentionParameters.uniform(
            1, new HeadParameters(new Dense(), NO_SIMILARITY_GATE, 21f), scale);
    AttentionParameters on =
        AttentionParameters.uniform(
            1, new HeadParameters(new Dense(), NO_SIMILARITY_GATE, 19f), scale);

    assertThat(attend(inputs, off).statistics().pvSkipped()).isZero();
    ReferenceAttention.Result skipped = attend(inputs, on);
    // Blocks 1 and 2 lie 20 below for the first group of queries and level for the second.
    assertThat(skipped.statistics().pvSkipped()).isEqualTo(1.0);
    assertThat(skipped.statistics().sparsity()).isCloseTo(1.0 / 6, within(1e-12));
    assertThat(skipped.output()[0]).isEqualTo(1f);
    assertThat(skipped.output()[64]).isCloseTo((1 + 2e9f) / 3, within(1e3f));
  }

  @Test
  void oneQueryThatNeedsABlockKeepsItForItsGroup() {
    AttentionShape shape = new AttentionShape(1, 1, 1, 64, 128, 1);
    float[] query = new float[64];
    Arrays.fill(query, 1f);
    query[7] = 0;
    float[] key = new float[128];
    Arrays.fill(key, 0, 64, 100f);
    RandomInputs inputs = new RandomInputs(shape, query, key, new float[128]);
    AttentionParameters parameters =
        parameters(shape, new HeadParameters(new Dense(), NO_SIMILARITY_GATE, 10f));
    assertThat(attend(inputs, parameters).statistics().pvSkipped()).isZero();
    query[7] = 1;
    assertThat(attend(inputs, parameters).statistics().pvSkipped()).isEqualTo(1.0);
  }

  @Test
  void rejectsParametersForAnotherNumberOfHeads() {
    AttentionShape shape = new AttentionShape(1, 2, 2, 4, 4, 4);
    RandomInputs inputs = RandomInputs.normal(shape, 1);
    assertThatThrownBy(() -> attend(inputs, AttentionParameters.dense(3, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 heads")
        .hasMessageContaining("2 query heads");
  }

  @Test
  void rejectsArraysThatDoNotFitTheShape() {
    AttentionShape shape = new AttentionShape(1, 2, 2, 4, 4, 4);
    float[] right = new float[32];
    assertThatThrownBy(
            () ->
                ReferenceAttention.attend(
                    shape, right, new float[31], right, AttentionParameters.dense(2, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("key has 31 elements, its shape 32");
  }

  @Test
  void rejectsQueryHeadsThatAreNoMultipleOfKeyHeads() {
    assertThatThrownBy(() -> new AttentionShape(1, 3, 2, 4, 4, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 and 2");
  }

  private static ReferenceAttention.Result attend(
      RandomInputs inputs, AttentionParameters parameters) {
    return ReferenceAttention.attend(
        inputs.shape(), inputs.query(), inputs.key(), inputs.value(), parameters);
  }

  private static int[][] selectedBlocks(
      RandomInputs inputs, AttentionParameters parameters, int head) {
    return ReferenceAttention.selectedBlocks(
        inputs.shape(), inputs.query(), inputs.key(), parameters, 0, head);
  }

  private static AttentionParameters parameters(AttentionShape shape, HeadParameters head) {
    return parameters(shape, head, Masking.BIDIRECTIONAL);
  }

  private static AttentionParameters parameters(
      AttentionShape shape, HeadParameters head, Masking masking) {
    return new AttentionParameters(
        Collections.nCopies(shape.queryHeads(), head),
        (float) (1 / Math.sqrt(shape.headDimension())),
        masking,
        AttentionSink.NONE,
        0);
  }

  private static void assertClose(float[] actual, double[] expected) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    assertThat(largest).as("largest difference").isLessThan(1e-5);
  }
}
