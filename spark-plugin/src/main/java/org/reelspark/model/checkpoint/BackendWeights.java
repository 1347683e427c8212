package org.reelspark.model.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Uploads the tensors of a component to a backend, one at a time, and owns them: closing it frees
 * all of them, also when loading stopped halfway.
 */
public final class BackendWeights implements AutoCloseable {
  private final Weights weights;
  private final Backend backend;
  private final List<Runnable> closers = new ArrayList<>();

  public BackendWeights(Weights weights, Backend backend) {
    this.weights = weights;
    this.backend = backend;
  }

  /** The files behind it, for tensors that need another layout before they are uploaded. */
  public Weights files() {
    return weights;
  }

  /**
   * Uploads one tensor as F32: what is added to activations or multiplies them element by element.
   *
   * @param sizes the shape that the tensor must have
   */
  public Tensor tensor(String name, long... sizes) {
    return tensor(name, DType.F32, sizes);
  }

  /**
   * Uploads one tensor.
   *
   * @param dtype that the backend shall keep it in
   * @param sizes the shape that the tensor must have
   */
  public Tensor tensor(String name, DType dtype, long... sizes) {
    try (Tensor host = weights.load(name, sizes)) {
      return upload(host, dtype);
    }
  }

  /** Uploads a host tensor that the caller has made; the caller closes the host tensor. */
  public Tensor upload(Tensor host, DType dtype) {
    Tensor tensor = backend.upload(host, dtype);
    closers.add(tensor::close);
    return tensor;
  }

  /** Type of the weights of linear layers between activations. */
  public DType activationType() {
    return backend.activationType();
  }

  /** Type of the weights that meet video. */
  public DType pixelType() {
    return backend.pixelType();
  }

  /**
   * {@code PREFIX.weight [outputs, inputs]} and {@code PREFIX.bias [outputs]} of a layer between
   * activations.
   */
  public Linear linear(String prefix, long outputs, long inputs) {
    return linear(prefix, activationType(), activationType(), outputs, inputs);
  }

  /**
   * As {@link #linear(String, long, long)}, for a layer that is large and that many rows pass: the
   * backend may keep its weight in a narrower type.
   *
   * @param resultType of what the layer writes or is added to
   */
  public Linear largeLinear(String prefix, DType resultType, long outputs, long inputs) {
    try (Tensor weight = weights.load(prefix + ".weight", outputs, inputs);
        Tensor bias = weights.load(prefix + ".bias", outputs)) {
      Linear linear = backend.uploadLarge(weight, bias, resultType);
      closers.add(linear::close);
      return linear;
    }
  }

  /**
   * As {@link #linear(String, long, long)}.
   *
   * @param weightType of the weight
   * @param resultType of what the layer writes, and so of the bias
   */
  public Linear linear(
      String prefix, DType weightType, DType resultType, long outputs, long inputs) {
    return new Linear(
        tensor(prefix + ".weight", weightType, outputs, inputs),
        tensor(prefix + ".bias", resultType, outputs));
  }

  /** {@code PREFIX.weight [outputs, inputs]} alone, of a text encoder. */
  public Linear linearWithoutBias(String prefix, long outputs, long inputs) {
    return new Linear(tensor(prefix + ".weight", backend.textType(), outputs, inputs), null);
  }

  @Override
  public void close() {
    closers.forEach(Runnable::run);
    closers.clear();
  }
}
