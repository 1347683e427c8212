package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Query, key and value of one attention call, rank 4 in the given layout. Key and value may have
 * fewer heads than the query (grouped-query attention): query head h reads key head {@code h /
 * (queryHeads / keyHeads)}.
 */
public record AttentionInputs(Tensor query, Tensor key, Tensor value, AttentionLayout layout) {
  /** Keys of a head. */
  public long keyTokens() {
    return switch (layout) {
      case TOKEN_MAJOR -> key.shape().size(1);
      case HEAD_MAJOR -> key.shape().size(2);
    };
  }
}
