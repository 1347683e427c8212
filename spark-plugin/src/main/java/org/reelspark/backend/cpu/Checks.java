package org.reelspark.backend.cpu;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/** Guards of the operations: memory outside the heap has no bounds checks of its own. */
final class Checks {
  private Checks() {}

  /** Every tensor is F32 in host memory. */
  static void floats(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != DType.F32 || tensor.space() != MemorySpace.HOST) {
        throw new IllegalArgumentException("expected F32 in host memory, found " + tensor);
      }
    }
  }

  /** {@code found} elements of what are {@code expected}. */
  static void size(String what, long expected, long found) {
    if (expected != found) {
      throw new IllegalArgumentException(
          "%s: expected %d, found %d".formatted(what, expected, found));
    }
  }

  static void shape(String what, Tensor tensor, long... expected) {
    if (!java.util.Arrays.equals(tensor.shape().toArray(), expected)) {
      throw new IllegalArgumentException(
          "%s: expected %s, found %s"
              .formatted(what, java.util.Arrays.toString(expected), tensor.shape()));
    }
  }

  static void sameShape(Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new IllegalArgumentException("shapes differ: %s and %s".formatted(a, b));
    }
  }

  static void disjoint(Tensor a, Tensor b) {
    if (a.address() < b.address() + b.byteSize() && b.address() < a.address() + a.byteSize()) {
      throw new IllegalArgumentException("output %s overlaps input %s".formatted(a, b));
    }
  }
}
