package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Linear;
import org.reelspark.backend.LinearOperations;
import org.reelspark.tensor.Tensor;

/**
 * Linear layers: OpenBLAS on tiles of the output, with bias, activation or gate while a tile is in
 * the cache. A bias is written first and the product added to it, which saves a pass.
 */
final class CpuLinear implements LinearOperations {
  /** Computes one tile of the output. */
  @FunctionalInterface
  private interface LinearTask {
    void run(Worker worker, LinearTile tile);
  }

  private final CpuRuntime runtime;

  CpuLinear(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void linear(Tensor x, Linear linear, Activation activation, Tensor out) {
    check(x, linear, out);
    forEachTile(
        x,
        out,
        (worker, tile) -> {
          FloatRows result = tile.of(out);
          multiply(x, linear, tile, tile.address(out), out.columns(), result);
          if (activation != Activation.NONE) {
            runtime.kernels().activate(result, activation, result, tile.rows(), tile.columns());
          }
        });
  }

  @Override
  public void linearAdd(Tensor x, Linear linear, Tensor gate, Tensor residual) {
    check(x, linear, residual);
    if (gate == null) {
      add(x, linear, residual);
      return;
    }
    Broadcast.check("gate", gate, residual);
    forEachTile(
        x,
        residual,
        (worker, tile) -> {
          long address = worker.scratch().floats((long) tile.rows() * tile.columns());
          FloatRows product = FloatRows.at(address, tile.rows(), tile.columns());
          multiply(x, linear, tile, address, tile.columns(), product);
          runtime
              .kernels()
              .gatedAdd(product, tile.of(gate), tile.of(residual), tile.rows(), tile.columns());
        });
  }

  private void add(Tensor x, Linear linear, Tensor residual) {
    forEachTile(
        x,
        residual,
        (worker, tile) -> {
          if (linear.bias() != null) {
            FloatRows result = tile.of(residual);
            runtime
                .kernels()
                .add(result, tile.of(linear.bias()), result, tile.rows(), tile.columns());
          }
          multiplyAdd(x, linear, tile, 1, tile.address(residual), residual.columns());
        });
  }

  /** {@code product = x W^T + b} for one tile. */
  private void multiply(
      Tensor x, Linear linear, LinearTile tile, long address, long stride, FloatRows product) {
    if (linear.bias() == null) {
      multiplyAdd(x, linear, tile, 0, address, stride);
      return;
    }
    runtime.kernels().repeat(tile.of(linear.bias()), product, tile.rows(), tile.columns());
    multiplyAdd(x, linear, tile, 1, address, stride);
  }

  /** {@code product = x W^T + beta * product} for one tile. */
  private static void multiplyAdd(
      Tensor x, Linear linear, LinearTile tile, float beta, long address, long stride) {
    long inputs = linear.inputs();
    Blas.multiply(
        tile.rows(),
        tile.columns(),
        inputs,
        1,
        Blas.Matrix.plain(x.address() + tile.fromRow() * inputs * Float.BYTES, inputs),
        Blas.Matrix.transposed(
            linear.weight().address() + tile.fromColumn() * inputs * Float.BYTES, inputs),
        beta,
        Blas.Matrix.plain(address, stride));
  }

  private void forEachTile(Tensor x, Tensor out, LinearTask task) {
    long frames = x.shape().rank() > 2 ? Math.max(1, x.shape().size(0)) : 1;
    LinearTiles tiles = LinearTiles.of(frames, out.rows() / frames, out.columns());
    runtime
        .pool()
        .forEachTile(tiles.count(), (worker, index) -> task.run(worker, tiles.tile(index)));
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
}
