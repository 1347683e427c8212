package org.reelspark.backend.cpu;

import java.util.Arrays;
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

  static void size(String what, long expected, long found) {
    if (expected != found) {
      throw new IllegalArgumentException(
          "%s: expected %d, found %d".formatted(what, expected, found));
    }
  }

  static void shape(String what, Tensor tensor, long... expected) {
    if (!Arrays.equals(tensor.shape().toArray(), expected)) {
      throw new IllegalArgumentException(
          "%s: expected %s, found %s".formatted(what, Arrays.toString(expected), tensor.shape()));
    }
  }

  static void sameShape(Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new IllegalArgumentException("shapes differ: %s and %s".formatted(a, b));
    }
  }

  /** The output of an operation that cannot work in place. */
  static void disjoint(Tensor out, Tensor in) {
    if (out.address() < in.address() + in.byteSize()
        && in.address() < out.address() + out.byteSize()) {
      throw new IllegalArgumentException("output %s overlaps input %s".formatted(out, in));
    }
  }
}
