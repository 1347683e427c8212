package org.reelspark.backend;

/** Order of dimensions of query, key, value and output; head dimension is always the fastest. */
public enum AttentionLayout {
  /** {@code [batch, tokens, heads, headDimension]}, as linear layers produce it. */
  TOKEN_MAJOR,
  /** {@code [batch, heads, tokens, headDimension]}. */
  HEAD_MAJOR
}
