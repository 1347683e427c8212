package org.reelspark.attention;

import java.util.List;
import java.util.Locale;
import org.reelspark.attention.BlockSelection.Dense;
import org.reelspark.attention.BlockSelection.TopCdf;
import org.reelspark.attention.BlockSelection.TopK;

/**
 * What the reference selects, as text that the tests of the CUDA kernels read. They make the same
 * inputs by the same random numbers.
 *
 * <p>{@code case dimension queryTokens keyTokens causal sink keptKeyTokens rule amount
 * similarityThreshold scale seed style}, then for each query block a line of the ranges of its key
 * blocks; {@code field dimension time height width amount similarityThreshold seed skipped}: the
 * share of blocks that TopCdf skips in a {@link VideoField}.
 */
final class BlockSelectionGoldens {
  private final StringBuilder text = new StringBuilder();

  /** How the pooled blocks of a case look. */
  private enum Style {
    RANDOM,
    /** Few different keys of whole numbers: many equal scores. */
    TIES,
    /** Some means and similarities are not finite. */
    BAD_VALUES,
    /** All blocks are the same. */
    CONSTANT,
    /** Scores far apart: nearly all probability on one block. */
    PEAKED
  }

  static String text() {
    BlockSelectionGoldens goldens = new BlockSelectionGoldens();
    long seed = 1;
    List<BlockSelection> rules =
        List.of(
            new TopCdf(0.9f),
            new TopCdf(0.5f),
            new TopCdf(0.1f),
            new TopCdf(0.999f),
            new TopK(0.5f),
            new TopK(0.1f),
            new TopK(1f),
            new Dense());
    for (Style style : Style.values()) {
      for (BlockSelection rule : rules) {
        int dimension = seed % 2 == 0 ? 64 : 128;
        goldens.add(
            dimension,
            300,
            2000,
            Masking.BIDIRECTIONAL,
            AttentionSink.NONE,
            0,
            rule,
            -1,
            seed++,
            style);
        goldens.add(
            dimension,
            1100,
            1100,
            Masking.CAUSAL,
            AttentionSink.FIRST_BLOCK,
            0,
            rule,
            0.3f,
            seed++,
            style);
        goldens.add(
            dimension,
            200,
            700,
            Masking.CAUSAL,
            AttentionSink.NONE,
            100,
            rule,
            0.2f,
            seed++,
            style);
        goldens.add(
            dimension,
            700,
            200,
            Masking.CAUSAL,
            AttentionSink.FIRST_BLOCK,
            0,
            rule,
            -1,
            seed++,
            style);
      }
    }
    goldens.add(
        128,
        1,
        1,
        Masking.BIDIRECTIONAL,
        AttentionSink.NONE,
        0,
        new TopK(0.5f),
        -1,
        seed++,
        Style.RANDOM);
    goldens.add(
        64,
        130,
        64 * 1500,
        Masking.BIDIRECTIONAL,
        AttentionSink.FIRST_BLOCK,
        77,
        new TopCdf(0.7f),
        0.2f,
        seed++,
        Style.RANDOM);
    goldens.add(
        64,
        130,
        64 * 9001,
        Masking.BIDIRECTIONAL,
        AttentionSink.NONE,
        0,
        new TopK(0.03f),
        -1,
        seed++,
        Style.TIES);
    for (float amount : new float[] {0.6f, 0.8f, 0.9f, 0.97f}) {
      goldens.addField(new Grid(6, 20, 32), 64, amount, -1, seed++);
      goldens.addField(new Grid(5, 17, 23), 128, amount, 0.02f, seed++);
    }
    return goldens.text.toString();
  }

  private void add(
      int dimension,
      int queryTokens,
      int keyTokens,
      Masking masking,
      AttentionSink sink,
      int keptKeyTokens,
      BlockSelection rule,
      float similarityThreshold,
      long seed,
      Style style) {
    SplitMix random = new SplitMix(seed);
    BlockGeometry geometry = new BlockGeometry(queryTokens, keyTokens, masking);
    PooledBlocks keys = pooled(random, geometry.keyBlocks(), dimension, style);
    PooledBlocks queries = pooled(random, geometry.queryBlocks(), dimension, style);
    float scale = style == Style.PEAKED ? 4 : 0.125f;
    AttentionParameters parameters =
        new AttentionParameters(
            List.of(new HeadParameters(rule, similarityThreshold, HeadParameters.NO_PV_SKIP)),
            scale,
            masking,
            sink,
            keptKeyTokens);
    BlockPredictor predictor = new BlockPredictor(geometry, parameters, 0, keys);
    line(
        "case %d %d %d %d %d %d %d %s %s %s %d %d",
        dimension,
        queryTokens,
        keyTokens,
        masking.ordinal(),
        sink.ordinal(),
        keptKeyTokens,
        rule(rule),
        amount(rule),
        similarityThreshold,
        scale,
        seed,
        style.ordinal());
    for (int block = 0; block < geometry.queryBlocks(); block++) {
      line("%s", ranges(predictor.select(block, queries, block)));
    }
  }

  private static PooledBlocks pooled(SplitMix random, int blocks, int dimension, Style style) {
    PooledBlocks pooled = PooledBlocks.allocate(blocks, dimension);
    float[] means = pooled.means();
    for (int i = 0; i < means.length; i++) {
      float value = random.normal();
      int block = i / dimension;
      means[i] =
          switch (style) {
            case RANDOM, PEAKED -> value;
            case TIES -> block < 7 ? Math.round(value) : means[i - 7 * dimension];
            case BAD_VALUES ->
                block % 11 == 5 && i % dimension == 3
                    ? block % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY
                    : value;
            case CONSTANT -> 0.25f;
          };
    }
    for (int block = 0; block < blocks; block++) {
      float value = random.uniform();
      pooled.similarities()[block] =
          style == Style.BAD_VALUES && block % 13 == 7
              ? Float.NaN
              : style == Style.CONSTANT ? 1 : value;
    }
    return pooled;
  }

  private void addField(
      Grid grid, int dimension, float amount, float similarityThreshold, long seed) {
    VideoField field = VideoField.of(grid, dimension, seed);
    int tokens = grid.tokens();
    AttentionShape shape = new AttentionShape(1, 1, 1, tokens, tokens, dimension);
    AttentionParameters parameters =
        AttentionParameters.uniform(
            1,
            new HeadParameters(new TopCdf(amount), similarityThreshold, HeadParameters.NO_PV_SKIP),
            (float) (1 / Math.sqrt(dimension)));
    int[][] blocks =
        ReferenceAttention.selectedBlocks(shape, field.query(), field.key(), parameters, 0, 0);
    long selected = 0;
    for (int[] row : blocks) {
      selected += row.length;
    }
    BlockGeometry geometry = new BlockGeometry(tokens, tokens, Masking.BIDIRECTIONAL);
    line(
        "field %d %d %d %d %s %s %d %.4f",
        dimension,
        grid.frames(),
        grid.height(),
        grid.width(),
        amount,
        similarityThreshold,
        seed,
        1 - (double) selected / geometry.admissiblePairs());
  }

  private static int rule(BlockSelection rule) {
    if (rule instanceof Dense) {
      return 0;
    }
    return rule instanceof TopCdf ? 1 : 2;
  }

  private static float amount(BlockSelection rule) {
    if (rule instanceof TopCdf topCdf) {
      return topCdf.threshold();
    }
    return rule instanceof TopK topK ? topK.fraction() : 0;
  }

  private static String ranges(int[] blocks) {
    StringBuilder ranges = new StringBuilder();
    for (int i = 0; i < blocks.length; ) {
      int end = i + 1;
      while (end < blocks.length && blocks[end] == blocks[end - 1] + 1) {
        end++;
      }
      ranges.append(ranges.isEmpty() ? "" : " ").append(blocks[i]);
      if (end - i > 1) {
        ranges.append('-').append(blocks[end - 1]);
      }
      i = end;
    }
    return ranges.toString();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
