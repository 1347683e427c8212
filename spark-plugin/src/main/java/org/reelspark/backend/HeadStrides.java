package org.reelspark.backend;

import org.reelspark.tensor.Shape;

/**
 * Sizes of a tensor seen as {@code [batch, head, token, dimension]} whatever its {@link
 * AttentionLayout}, and the elements from one entry to the next along each; those of the dimension
 * lie side by side.
 */
public record HeadStrides(
    int batch,
    int heads,
    int tokens,
    int dimension,
    long batchStride,
    long headStride,
    long tokenStride) {
  /**
   * @param shape of rank 4, in the order that the layout says
   */
  public static HeadStrides of(Shape shape, AttentionLayout layout) {
    int batch = shape.intSize(0);
    int dimension = shape.intSize(3);
    return switch (layout) {
      case TOKEN_MAJOR -> {
        int tokens = shape.intSize(1);
        int heads = shape.intSize(2);
        long tokenStride = (long) heads * dimension;
        yield new HeadStrides(
            batch, heads, tokens, dimension, tokens * tokenStride, dimension, tokenStride);
      }
      case HEAD_MAJOR -> {
        int heads = shape.intSize(1);
        int tokens = shape.intSize(2);
        long headStride = (long) tokens * dimension;
        yield new HeadStrides(
            batch, heads, tokens, dimension, heads * headStride, headStride, dimension);
      }
    };
  }
}
