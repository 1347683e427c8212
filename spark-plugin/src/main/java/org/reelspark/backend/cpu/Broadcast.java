package org.reelspark.backend.cpu;

import org.reelspark.tensor.Tensor;

/** A parameter that is either one row for all, {@code [columns]}, or one for each row. */
final class Broadcast {
  private Broadcast() {}

  static void check(String what, Tensor parameter, Tensor matrix) {
    Checks.floats(parameter);
    Checks.size("columns of " + what, matrix.columns(), parameter.columns());
    if (parameter.rows() != 1) {
      Checks.size("rows of " + what, matrix.rows(), parameter.rows());
    }
  }

  static FloatRows rows(Tensor parameter, long from, long to) {
    if (parameter.rows() == 1) {
      return FloatRows.repeated(parameter);
    }
    return FloatRows.of(parameter, from, to);
  }
}
