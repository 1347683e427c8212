package org.reelspark.backend;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Allocation and transfer. */
public interface MemoryOperations {
  /** Uninitialised tensor in the backend's memory; the caller closes it. */
  Tensor allocate(DType dtype, Shape shape);

  /**
   * Copies host weights of any float type into the backend's memory and compute type; the caller
   * closes both.
   */
  Tensor upload(Tensor host);

  /**
   * Copies values; source and destination lie in host or backend memory, both F32 and of equal
   * element count.
   */
  void copy(Tensor source, Tensor destination);

  default Tensor allocate(long... sizes) {
    return allocate(DType.F32, Shape.of(sizes));
  }
}
