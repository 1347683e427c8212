package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Weights of y = x W^T + b.
 *
 * @param weight {@code [out, in]}
 * @param bias {@code [out]} or null. A device may convert it at each use where it has not the type
 *     of what the layer writes.
 */
public record Linear(Tensor weight, Tensor bias) implements AutoCloseable {
  public long inputs() {
    return weight.shape().size(1);
  }

  public long outputs() {
    return weight.shape().size(0);
  }

  @Override
  public void close() {
    weight.close();
    if (bias != null) {
      bias.close();
    }
  }
}
