package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Owns all tensors of one run, and frees them together, also when it ends early. */
final class RunMemory implements AutoCloseable {
  private final Backend backend;
  private final List<Tensor> tensors = new ArrayList<>();

  RunMemory(Backend backend) {
    this.backend = backend;
  }

  /** Uninitialised F32 tensor in the backend's memory. */
  Tensor allocate(long... sizes) {
    return own(backend.allocate(sizes));
  }

  /** Uninitialised tensor for what linear layers and attention read. */
  Tensor allocateActivations(long... sizes) {
    return own(backend.allocate(backend.activationType(), Shape.of(sizes)));
  }

  /** Uninitialised F32 tensor in host memory. */
  Tensor allocateHost(long... sizes) {
    return own(Tensor.allocateHost(DType.F32, Shape.of(sizes)));
  }

  /** Values in the backend's memory. */
  Tensor copyOf(float[] values, long... sizes) {
    Tensor tensor = allocate(sizes);
    try (Tensor host = Tensor.ofFloats(Shape.of(sizes), values)) {
      backend.copy(host, tensor);
    }
    return tensor;
  }

  private Tensor own(Tensor tensor) {
    tensors.add(tensor);
    return tensor;
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
    tensors.clear();
  }
}
