package org.reelspark.attention;

import java.util.Collections;
import java.util.List;

/**
 * Everything that one attention layer needs to know besides its tensors.
 *
 * @param heads one entry per query head
 * @param scale factor on query-key products, usually 1/sqrt(head dimension)
 * @param keptKeyTokens the last {@code keptKeyTokens} keys (text tokens of joint models) are always
 *     attended; 0 for none
 */
public record AttentionParameters(
    List<HeadParameters> heads,
    float scale,
    Masking masking,
    AttentionSink sink,
    int keptKeyTokens) {
  /** Tokens of a query block. */
  public static final int QUERY_BLOCK = 128;

  /** Tokens of a key block. */
  public static final int KEY_BLOCK = 64;

  /** Queries that share the decision to leave out a block by {@link HeadParameters#pvThreshold}. */
  public static final int QUERY_GROUP = 64;

  public AttentionParameters {
    heads = List.copyOf(heads);
    if (keptKeyTokens < 0) {
      throw new IllegalArgumentException("kept key tokens must be >= 0, found " + keptKeyTokens);
    }
  }

  /**
   * @throws IllegalArgumentException unless there is one entry per query head
   */
  public void checkHeads(int queryHeads) {
    if (heads.size() != queryHeads) {
      throw new IllegalArgumentException(
          "parameters for %d heads do not fit %d query heads".formatted(heads.size(), queryHeads));
    }
  }

  /** Full bidirectional attention for {@code heads} heads. */
  public static AttentionParameters dense(int heads, float scale) {
    return uniform(heads, HeadParameters.DENSE, scale);
  }

  /** Bidirectional attention with the same parameters for every head. */
  public static AttentionParameters uniform(int heads, HeadParameters parameters, float scale) {
    return new AttentionParameters(
        Collections.nCopies(heads, parameters),
        scale,
        Masking.BIDIRECTIONAL,
        AttentionSink.NONE,
        0);
  }
}
