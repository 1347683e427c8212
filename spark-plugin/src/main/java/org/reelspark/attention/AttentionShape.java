package org.reelspark.attention;

/**
 * Sizes of one attention call. Query head h reads key head {@code h / (queryHeads / keyHeads)}.
 *
 * @param queryHeads a multiple of {@code keyHeads}
 * @param headDimension of query, key and value
 */
public record AttentionShape(
    int batch, int queryHeads, int keyHeads, int queryTokens, int keyTokens, int headDimension) {
  public AttentionShape {
    if (batch < 0 || queryTokens < 0 || keyTokens < 0) {
      throw new IllegalArgumentException(
          "batch and token counts must not be negative, found %d, %d, %d"
              .formatted(batch, queryTokens, keyTokens));
    }
    if (headDimension < 1) {
      throw new IllegalArgumentException("head dimension must be positive: " + headDimension);
    }
    if (keyHeads < 1 || queryHeads < 1 || queryHeads % keyHeads != 0) {
      throw new IllegalArgumentException(
          "query heads must be a multiple of key heads, found %d and %d"
              .formatted(queryHeads, keyHeads));
    }
  }

  /** The key head that a query head reads. */
  public int keyHead(int queryHead) {
    return queryHead / (queryHeads / keyHeads);
  }

  /** Elements of the query, and of the output. */
  public long queryElements() {
    return (long) batch * queryHeads * queryTokens * headDimension;
  }

  /** Elements of the key, and of the value. */
  public long keyElements() {
    return (long) batch * keyHeads * keyTokens * headDimension;
  }
}
