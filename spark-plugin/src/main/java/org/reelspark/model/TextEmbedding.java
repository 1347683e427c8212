package org.reelspark.model;

import org.reelspark.tensor.Tensor;

/**
 * An encoded prompt.
 *
 * @param states {@code [maxSequenceLength, width]} in the backend's memory; rows past the tokens
 *     are zero
 * @param tokenCount real tokens
 */
public record TextEmbedding(Tensor states, int tokenCount) implements AutoCloseable {
  @Override
  public void close() {
    states.close();
  }
}
