package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.reelspark.attention.HeadParameters.NO_PV_SKIP;
import static org.reelspark.attention.HeadParameters.NO_SIMILARITY_GATE;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;

class BlockPredictorTest {

  /** Key blocks whose probabilities for a query of 1 are .4 .3 .2 .1. */
  private static final double[] PROBABILITIES = {0.1, 0.4, 0.2, 0.3};

  @ParameterizedTest
  @CsvSource({
    "0.0001, 1",
    "0.39, 1",
    "0.41, 1 3",
    "0.69, 1 3",
    "0.71, 1 2 3",
    "0.91, 0 1 2 3",
    "1, 0 1 2 3"
  })
  void topCdfTakesTheSmallestSetThatReachesTheThreshold(float threshold, String blocks) {
    assertThat(select(new TopCdf(threshold))).isEqualTo(blocks);
  }

  @ParameterizedTest
  @CsvSource({"0.01, 1", "0.25, 1", "0.26, 1 3", "0.5, 1 3", "0.75, 1 2 3", "1, 0 1 2 3"})
  void topKTakesTheCeilingOfItsFraction(float fraction, String blocks) {
    assertThat(select(new TopK(fraction))).isEqualTo(blocks);
  }

  @Test
  void equalScoresGoToTheLowerBlock() {
    PooledBlocks keys = keys(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assertThat(select(parameters(new TopK(0.3f)), keys, 1)).isEqualTo("0 1 2");
    assertThat(select(parameters(new TopCdf(0.45f)), keys, 1)).isEqualTo("0 1 2 3 4");
  }

  @Test
  void bothZerosAreEqual() {
    assertThat(select(parameters(new TopK(0.5f)), keys(-0f, 0f), 1)).isEqualTo("0");
  }

  @Test
  void topKCountsOnlyBlocksThatTheMaskAdmits() {
    // Ten key blocks, of which the first row admits two and the third six.
    BlockGeometry geometry = new BlockGeometry(640, 640, Masking.CAUSAL);
    AttentionParameters parameters =
        new AttentionParameters(
            List.of(new HeadParameters(new TopK(0.5f), NO_SIMILARITY_GATE, NO_PV_SKIP)),
            1,
            Masking.CAUSAL,
            AttentionSink.NONE,
            0);
    PooledBlocks keys = keys(9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    BlockPredictor predictor = new BlockPredictor(geometry, parameters, 0, keys);
    assertThat(predictor.select(0, query(1), 0)).containsExactly(0, 1);
    assertThat(predictor.select(2, query(1), 0)).containsExactly(0, 1, 2, 4, 5);
  }

  @Test
  void blocksOfUnlikeKeysAreAlwaysKeptAndHaveNoProbability() {
    PooledBlocks keys = keys(5, 1, 0, 3);
    keys.similarities()[0] = 0.3f;
    HeadParameters head = new HeadParameters(new TopK(0.25f), 0.3f, NO_PV_SKIP);
    assertThat(select(AttentionParameters.uniform(1, head, 1), keys, 1)).isEqualTo("0 3");
  }

  @Test
  void aRowOfUnlikeQueriesKeepsEveryBlock() {
    HeadParameters head = new HeadParameters(new TopK(0.25f), 0.3f, NO_PV_SKIP);
    assertThat(select(AttentionParameters.uniform(1, head, 1), keys(5, 1, 0, 3), 0.2f))
        .isEqualTo("0 1 2 3");
  }

  @Test
  void blocksThatCannotBeScoredAreKept() {
    PooledBlocks keys = keys(5, Float.NaN, 0, Float.NEGATIVE_INFINITY);
    assertThat(select(parameters(new TopK(0.25f)), keys, 1)).isEqualTo("0 1 3");
    keys = keys(5, 1, 0, 0);
    keys.similarities()[2] = Float.NaN;
    assertThat(select(parameters(new TopK(0.25f)), keys, 1)).isEqualTo("0 2");
    assertThat(select(parameters(new TopK(0.25f)), keys, Float.NaN)).isEqualTo("0 1 2 3");
  }

  @Test
  void theSinkKeepsTheFirstBlock() {
    assertThat(select(parameters(AttentionSink.FIRST_BLOCK, 0), keys(0, 5, 1, 1), 1))
        .isEqualTo("0 1");
  }

  @ParameterizedTest
  @CsvSource({"1, 1 3", "64, 1 3", "65, 1 2 3", "1000, 0 1 2 3"})
  void blocksWithKeptKeyTokensStay(int keptTokens, String blocks) {
    assertThat(select(parameters(AttentionSink.NONE, keptTokens), keys(0, 5, 1, 1), 1))
        .isEqualTo(blocks);
  }

  @Test
  void aRaggedBlockPoolsItsOwnTokensOnly() {
    float[] rows = {9, 9, 1, 2, 3, 4, 100, 100};
    PooledBlocks pooled = PooledBlocks.allocate(2, 2);
    BlockPooling.pool(rows, 2, 2, new float[2], pooled, 1);
    assertThat(pooled.means()).containsExactly(0, 0, 2, 3);
    double cosine = (1 * 3 + 2 * 4) / Math.sqrt(5 * 25);
    assertThat(pooled.similarities()[1]).isCloseTo((float) ((2 + 2 * cosine) / 4), within(1e-6f));
  }

  @Test
  void selfSimilarityIsTheMeanOfTheGramMatrix() {
    int tokens = 64;
    int dimension = 13;
    Random random = new Random(3);
    float[] rows = new float[tokens * dimension];
    float[] center = new float[dimension];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) (random.nextGaussian() + 0.5);
    }
    for (int i = 0; i < dimension; i++) {
      center[i] = (float) random.nextGaussian() / 4;
    }
    double gram = 0;
    for (int a = 0; a < tokens; a++) {
      for (int b = 0; b < tokens; b++) {
        double dot = 0;
        double normA = 0;
        double normB = 0;
        for (int i = 0; i < dimension; i++) {
          double x = rows[a * dimension + i] - (double) center[i];
          double y = rows[b * dimension + i] - (double) center[i];
          dot += x * y;
          normA += x * x;
          normB += y * y;
        }
        gram += dot / Math.sqrt(normA * normB);
      }
    }
    assertThat((double) similarity(rows, center)).isCloseTo(gram / (tokens * tokens), within(1e-6));
  }

  @Test
  void zeroTokensAreSimilarToNothing() {
    assertThat(similarity(new float[8], new float[2])).isZero();
    assertThat(similarity(new float[] {0, 0, 3, 4}, new float[2])).isCloseTo(0.25f, within(1e-7f));
  }

  private static float similarity(float[] rows, float[] center) {
    PooledBlocks pooled = PooledBlocks.allocate(1, center.length);
    BlockPooling.pool(rows, 0, rows.length / center.length, center, pooled, 0);
    return pooled.similarities()[0];
  }

  private static String select(BlockSelection selection) {
    float[] means = new float[PROBABILITIES.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = (float) Math.log(PROBABILITIES[i]);
    }
    return select(parameters(selection), keys(means), 1);
  }

  private static String select(
      AttentionParameters parameters, PooledBlocks keys, float querySimilarity) {
    int keyTokens = keys.similarities().length * 64;
    BlockGeometry geometry = new BlockGeometry(128, keyTokens, Masking.BIDIRECTIONAL);
    int[] blocks =
        new BlockPredictor(geometry, parameters, 0, keys).select(0, query(querySimilarity), 0);
    StringBuilder text = new StringBuilder();
    for (int block : blocks) {
      text.append(text.isEmpty() ? "" : " ").append(block);
    }
    return text.toString();
  }

  /** A query block whose mean token is 1. */
  private static PooledBlocks query(float similarity) {
    return new PooledBlocks(new float[] {1}, new float[] {similarity}, 1);
  }

  private static PooledBlocks keys(float... means) {
    PooledBlocks keys = new PooledBlocks(means, new float[means.length], 1);
    Arrays.fill(keys.similarities(), 1);
    return keys;
  }

  private static AttentionParameters parameters(BlockSelection selection) {
    return AttentionParameters.uniform(
        1, new HeadParameters(selection, NO_SIMILARITY_GATE, NO_PV_SKIP), 1);
  }

  private static AttentionParameters parameters(AttentionSink sink, int keptKeyTokens) {
    return new AttentionParameters(
        List.of(new HeadParameters(new TopK(0.25f), NO_SIMILARITY_GATE, NO_PV_SKIP)),
        1,
        Masking.BIDIRECTIONAL,
        sink,
        keptKeyTokens);
  }
}
