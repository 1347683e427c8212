package org.reelspark.attention;

import static org.reelspark.attention.AttentionParameters.KEY_BLOCK;
import static org.reelspark.attention.AttentionParameters.QUERY_BLOCK;

/** How the tokens of one head fall into blocks, and which blocks masking lets meet. */
public record BlockGeometry(int queryTokens, int keyTokens, Masking masking) {
  public int queryBlocks() {
    return blocks(queryTokens, QUERY_BLOCK);
  }

  public int keyBlocks() {
    return blocks(keyTokens, KEY_BLOCK);
  }

  /** Tokens of a query block; the last block may have fewer than the others. */
  public int queriesIn(int queryBlock) {
    return Math.min(QUERY_BLOCK, queryTokens - queryBlock * QUERY_BLOCK);
  }

  /** Tokens of a key block; the last block may have fewer than the others. */
  public int keysIn(int keyBlock) {
    return Math.min(KEY_BLOCK, keyTokens - keyBlock * KEY_BLOCK);
  }

  /** A query sees the keys from 0 to this number, exclusive. */
  public int visibleKeys(int query) {
    return switch (masking) {
      case BIDIRECTIONAL -> keyTokens;
      case CAUSAL -> Math.max(0, Math.min(keyTokens, query + 1 + keyTokens - queryTokens));
    };
  }

  /** Key blocks from 0 to this number, exclusive, hold a key that the query block sees. */
  public int admissibleBlocks(int queryBlock) {
    int lastQuery = queryBlock * QUERY_BLOCK + queriesIn(queryBlock) - 1;
    return blocks(visibleKeys(lastQuery), KEY_BLOCK);
  }

  /**
   * The first of the key blocks, up to the last admissible one, in which a query of the block sees
   * its own position; {@link #keyBlocks} when there are none because nothing is masked.
   */
  int firstDiagonalBlock(int queryBlock) {
    return switch (masking) {
      case BIDIRECTIONAL -> keyBlocks();
      case CAUSAL -> Math.max(0, visibleKeys(queryBlock * QUERY_BLOCK) - 1) / KEY_BLOCK;
    };
  }

  /** Pairs of query and key blocks that masking allows. */
  public long admissiblePairs() {
    long pairs = 0;
    for (int queryBlock = 0; queryBlock < queryBlocks(); queryBlock++) {
      pairs += admissibleBlocks(queryBlock);
    }
    return pairs;
  }

  private static int blocks(int tokens, int blockTokens) {
    return (tokens + blockTokens - 1) / blockTokens;
  }
}
