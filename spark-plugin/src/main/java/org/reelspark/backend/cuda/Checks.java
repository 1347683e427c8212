package org.reelspark.backend.cuda;

import java.util.Arrays;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/** Guards of the operations: a kernel that reads past a tensor takes the process's GPU with it. */
final class Checks {
  private Checks() {}

  /** Every tensor holds floats of 16 or 32 bits in GPU memory. */
  static void floats(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.space() != MemorySpace.DEVICE || !tensor.dtype().isFloat()) {
        throw new IllegalArgumentException(
            "expected floats in GPU memory, found %s in %s memory"
                .formatted(tensor, tensor.space()));
      }
    }
  }

  static void sameType(Tensor first, Tensor... others) {
    for (Tensor other : others) {
      if (other.dtype() != first.dtype()) {
        throw new IllegalArgumentException("types differ: %s and %s".formatted(first, other));
      }
    }
  }

  static void type(DType expected, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != expected) {
        throw new IllegalArgumentException("expected %s, found %s".formatted(expected, tensor));
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

  /** One row for all rows of a matrix, or as many as it has. Returns the elements between them. */
  static long rowStride(String what, Tensor rows, Tensor matrix) {
    size("columns of " + what, matrix.columns(), rows.columns());
    if (rows.shape().rank() == 1) {
      return 0;
    }
    size("rows of " + what, matrix.rows(), rows.rows());
    return rows.columns();
  }

  static void sameShape(Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new IllegalArgumentException("shapes differ: %s and %s".formatted(a, b));
    }
  }

  /** Every tensor starts at a multiple of so many bytes. */
  static void aligned(int bytes, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.address() % bytes != 0) {
        throw new IllegalArgumentException(
            "%s starts at %d, not at a multiple of %d bytes"
                .formatted(tensor, tensor.address(), bytes));
      }
    }
  }

  /** Kernels do not work in place. */
  static void disjoint(Tensor out, Tensor... inputs) {
    for (Tensor in : inputs) {
      if (out.address() < in.address() + in.byteSize()
          && in.address() < out.address() + out.byteSize()) {
        throw new IllegalArgumentException("output %s overlaps input %s".formatted(out, in));
      }
    }
  }
}
