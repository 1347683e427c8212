package org.reelspark.backend;

import java.util.Objects;
import java.util.stream.Stream;
import org.reelspark.tensor.Tensor;

/**
 * Weights of y = x W^T + b.
 *
 * @param weight {@code [out, in]}
 * @param scales what the rows of an F8_E4M3 weight are multiplied by, {@code [out]}, F32; null for
 *     other types
 * @param bias {@code [out]} or null. A device may convert it at each use where it has not the type
 *     of what the layer writes.
 */
public record Linear(Tensor weight, Tensor scales, Tensor bias) implements AutoCloseable {
  /** Of a weight that needs no scales. */
  public Linear(Tensor weight, Tensor bias) {
    this(weight, null, bias);
  }

  public long inputs() {
    return weight.shape().size(1);
  }

  public long outputs() {
    return weight.shape().size(0);
  }

  @Override
  public void close() {
    Stream.of(weight, scales, bias).filter(Objects::nonNull).forEach(Tensor::close);
  }
}
