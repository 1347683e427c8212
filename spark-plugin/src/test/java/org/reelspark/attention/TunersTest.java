package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TunersTest {
  private static final int TOKENS = 650;
  private static final int DIMENSION = 16;
  private static final float SCALE = 0.25f;
  private static final int[] ALL_QUERY_BLOCKS = IntStream.range(0, 6).toArray();

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.1, 0.2})
  void tunedSelectionHasTheErrorAndSparsityOfRealAttention(double bound) {
    List<HeadSample> samples = List.of(sample(1), sample(2));
    SelectionTuner tuner = new SelectionTuner();
    samples.forEach(sample -> tuner.add(sample, ALL_QUERY_BLOCKS));

    TunedHead tuned = tuner.best(bound);

    assertThat(tuned.sparsity()).isBetween(0.1, 0.95);
    assertThat(tuned.error()).isLessThanOrEqualTo(bound);
    assertThat(worstError(samples, tuned.parameters())).isCloseTo(tuned.error(), within(1e-4));
    assertThat(statistics(samples, tuned.parameters()).qkSparsity())
        .isCloseTo(tuned.sparsity(), within(1e-9));
  }

  @Test
  void aLooserBoundSkipsMore() {
    SelectionTuner tuner = new SelectionTuner();
    tuner.add(sample(1), ALL_QUERY_BLOCKS);
    assertThat(tuner.best(0.3).sparsity()).isGreaterThan(tuner.best(0.05).sparsity());
  }

  @Test
  void aHeadThatCanSkipLittleStaysDense() {
    SelectionTuner tuner = new SelectionTuner();
    AttentionShape shape = new AttentionShape(1, 1, 1, TOKENS, TOKENS, DIMENSION);
    RandomInputs noise = RandomInputs.normal(shape, 5);
    tuner.add(
        new HeadSample(noise.query(), noise.key(), noise.value(), TOKENS, DIMENSION, SCALE),
        ALL_QUERY_BLOCKS);
    assertThat(tuner.best(0.05)).isEqualTo(TunedHead.DENSE);
  }

  @Test
  void tunedPvThresholdHasTheErrorAndSparsityOfRealAttention() {
    List<HeadSample> samples = List.of(sample(1), sample(2));
    HeadParameters selection =
        new HeadParameters(new BlockSelection.TopCdf(0.999f), 0.2f, HeadParameters.NO_PV_SKIP);
    PvTuner tuner = new PvTuner(selection);
    samples.forEach(sample -> tuner.add(sample, ALL_QUERY_BLOCKS));

    TunedHead tuned = tuner.best(0.3);

    assertThat(tuned.parameters().selection()).isEqualTo(selection.selection());
    assertThat(tuned.parameters().pvThreshold()).isLessThan(HeadParameters.NO_PV_SKIP);
    assertThat(worstError(samples, tuned.parameters())).isCloseTo(tuned.error(), within(1e-4));
    AttentionStatistics statistics = statistics(samples, tuned.parameters());
    assertThat(statistics.pvSkipped()).isPositive();
    assertThat(statistics.sparsity()).isCloseTo(tuned.sparsity(), within(1e-9));
  }

  @Test
  void thePvThresholdIsTheLowestWithinTheBound() {
    HeadParameters selection = HeadParameters.DENSE;
    PvTuner tuner = new PvTuner(selection);
    tuner.add(sample(3), ALL_QUERY_BLOCKS);
    TunedHead loose = tuner.best(0.3);
    TunedHead strict = tuner.best(0.001);
    assertThat(loose.parameters().pvThreshold()).isLessThan(strict.parameters().pvThreshold());
    assertThat(loose.sparsity()).isGreaterThan(strict.sparsity());
  }

  @Test
  void aPermutedSampleAttendsLikeTheOriginal() {
    Grid grid = new Grid(5, 10, 13);
    HeadSample original = sample(4);
    int[] order = TokenOrder.HILBERT.permutation(grid);
    float[] expected = attend(original, HeadParameters.DENSE).output();
    float[] actual = attend(original.permuted(order), HeadParameters.DENSE).output();
    for (int place = 0; place < TOKENS; place += 13) {
      for (int i = 0; i < DIMENSION; i++) {
        assertThat(actual[place * DIMENSION + i])
            .isCloseTo(expected[order[place] * DIMENSION + i], within(1e-5f));
      }
    }
  }

  @Test
  void rejectsRowsThatDoNotFit() {
    assertThatThrownBy(() -> new HeadSample(new float[6], new float[6], new float[5], 2, 3, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2 tokens of 3 values do not make 5 values");
  }

  /** Tokens that resemble their neighbours, with scores far enough apart to skip some. */
  private static HeadSample sample(long seed) {
    AttentionShape shape = new AttentionShape(1, 1, 1, TOKENS, TOKENS, DIMENSION);
    RandomInputs inputs = RandomInputs.smooth(shape, seed);
    for (int i = 0; i < inputs.query().length; i++) {
      inputs.query()[i] *= 3;
    }
    return new HeadSample(inputs.query(), inputs.key(), inputs.value(), TOKENS, DIMENSION, SCALE);
  }

  private static double worstError(List<HeadSample> samples, HeadParameters head) {
    double worst = 0;
    for (HeadSample sample : samples) {
      float[] dense = attend(sample, HeadParameters.DENSE).output();
      float[] sparse = attend(sample, head).output();
      double distance = 0;
      double norm = 0;
      for (int i = 0; i < dense.length; i++) {
        distance += Math.abs(sparse[i] - dense[i]);
        norm += Math.abs(dense[i]);
      }
      worst = Math.max(worst, distance / norm);
    }
    return worst;
  }

  private static AttentionStatistics statistics(List<HeadSample> samples, HeadParameters head) {
    return samples.stream()
        .map(sample -> attend(sample, head).statistics())
        .reduce(AttentionStatistics.NONE, AttentionStatistics::plus);
  }

  private static ReferenceAttention.Result attend(HeadSample sample, HeadParameters head) {
    return ReferenceAttention.attend(
        new AttentionShape(1, 1, 1, sample.tokens(), sample.tokens(), sample.dimension()),
        sample.query(),
        sample.key(),
        sample.value(),
        AttentionParameters.uniform(1, head, sample.scale()));
  }
}
