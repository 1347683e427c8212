package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.LinearOperations;
import org.reelspark.tensor.Tensor;

/**
 * Linear layers: OpenBLAS on tiles of rows, then bias, activation or gate while they are cached.
 */
final class CpuLinear implements LinearOperations {
  /** Enough rows that packing the weights is a small part, few enough that products stay cached. */
  private static final long TILE_ROWS = 256;

  private final CpuRuntime runtime;

  CpuLinear(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void linear(Tensor x, Linear linear, Activation activation, Tensor out) {
    check(x, linear, out);
    int columns = (int) linear.outputs();
    FloatRows bias = FloatRows.repeated(bias(linear));
    runtime
        .pool()
        .forEachRange(
            x.rows(),
            TILE_ROWS,
            (worker, from, to) -> {
              multiply(x, linear, from, to, out.address() + from * columns * Float.BYTES);
              FloatRows tile = FloatRows.of(out, from, to);
              runtime
                  .kernels()
                  .addActivate(tile, bias, activation, tile, (int) (to - from), columns);
            });
  }

  @Override
  public void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual) {
    check(x, linear, residual);
    int columns = (int) linear.outputs();
    FloatRows bias = FloatRows.repeated(bias(linear));
    Tensor gates = gate == null ? runtime.constantRow(1, columns) : gate;
    Broadcast.check("gate", gates, residual);
    runtime
        .pool()
        .forEachRange(
            x.rows(),
            TILE_ROWS,
            (worker, from, to) -> {
              long product = worker.scratch().floats((to - from) * columns);
              multiply(x, linear, from, to, product);
              runtime
                  .kernels()
                  .gatedAdd(
                      FloatRows.at(product, to - from, columns),
                      bias,
                      Broadcast.rows(gates, residual, from, to),
                      FloatRows.of(residual, from, to),
                      (int) (to - from),
                      columns);
            });
  }

  private static void check(Tensor x, Linear linear, Tensor out) {
    Checks.floats(x, linear.weight(), out);
    Checks.size("columns of x", linear.inputs(), x.columns());
    Checks.size("columns of out", linear.outputs(), out.columns());
    Checks.size("rows of out", x.rows(), out.rows());
    Checks.disjoint(out, x);
    if (linear.bias() != null) {
      Checks.floats(linear.bias());
      Checks.shape("bias", linear.bias(), linear.outputs());
    }
  }

  private Tensor bias(Linear linear) {
    return linear.bias() == null ? runtime.constantRow(0, linear.outputs()) : linear.bias();
  }

  /** {@code product = x[from..to] W^T}. */
  private static void multiply(Tensor x, Linear linear, long from, long to, long product) {
    long inputs = linear.inputs();
    Blas.multiply(
        to - from,
        linear.outputs(),
        inputs,
        1,
        Blas.Matrix.plain(x.address() + from * inputs * Float.BYTES, inputs),
        Blas.Matrix.transposed(linear.weight().address(), inputs),
        0,
        Blas.Matrix.plain(product, linear.outputs()));
  }
}
