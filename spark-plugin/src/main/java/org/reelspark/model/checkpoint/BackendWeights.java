package org.reelspark.model.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/**
 * Uploads the tensors of a component to a backend, one at a time, and owns them: closing it frees
 * all of them, also when loading stopped halfway.
 */
public final class BackendWeights implements AutoCloseable {
  private final Weights weights;
  private final Backend backend;
  private final List<Tensor> uploaded = new ArrayList<>();

  public BackendWeights(Weights weights, Backend backend) {
    this.weights = weights;
    this.backend = backend;
  }

  /** The files behind it, for tensors that need another layout before they are uploaded. */
  public Weights files() {
    return weights;
  }

  /**
   * Uploads one tensor.
   *
   * @param sizes the shape that the tensor must have
   */
  public Tensor tensor(String name, long... sizes) {
    try (Tensor host = weights.load(name, sizes)) {
      return upload(host);
    }
  }

  /** Uploads a host tensor that the caller has made; the caller closes the host tensor. */
  public Tensor upload(Tensor host) {
    Tensor tensor = backend.upload(host);
    uploaded.add(tensor);
    return tensor;
  }

  /** {@code PREFIX.weight [outputs, inputs]} and {@code PREFIX.bias [outputs]}. */
  public Linear linear(String prefix, long outputs, long inputs) {
    return new Linear(
        tensor(prefix + ".weight", outputs, inputs), tensor(prefix + ".bias", outputs));
  }

  /** {@code PREFIX.weight [outputs, inputs]} alone. */
  public Linear linearWithoutBias(String prefix, long outputs, long inputs) {
    return new Linear(tensor(prefix + ".weight", outputs, inputs), null);
  }

  @Override
  public void close() {
    uploaded.forEach(Tensor::close);
    uploaded.clear();
  }
}
