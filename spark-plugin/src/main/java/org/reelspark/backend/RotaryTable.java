package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Rotary position table in token order.
 *
 * @param cos {@code [tokens, headDimension / 2]} F32
 * @param sin {@code [tokens, headDimension / 2]} F32
 */
public record RotaryTable(Tensor cos, Tensor sin) implements AutoCloseable {
  @Override
  public void close() {
    cos.close();
    sin.close();
  }
}
