package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;
import org.reelspark.backend.NormOperations;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.Tensor;

/** Normalisations, in tiles of rows. */
final class CpuNorms implements NormOperations {
  private final CpuRuntime runtime;

  CpuNorms(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor out) {
    layerNorm(x, weight, 0, bias, epsilon, out);
  }

  @Override
  public void layerNormModulate(Tensor x, Tensor shift, Tensor scale, float epsilon, Tensor out) {
    layerNorm(x, scale, 1, shift, epsilon, out);
  }

  private void layerNorm(
      Tensor x, Tensor factor, float offset, Tensor addend, float epsilon, Tensor out) {
    check(x, out);
    Broadcast.check("scale", factor, x);
    Broadcast.check("shift", addend, x);
    forEachTile(
        x,
        (from, to, rows, columns) ->
            runtime
                .kernels()
                .layerNorm(
                    FloatRows.of(x, from, to),
                    Broadcast.rows(factor, from, to),
                    offset,
                    Broadcast.rows(addend, from, to),
                    epsilon,
                    FloatRows.of(out, from, to),
                    rows,
                    columns));
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    check(x, out);
    Checks.shape("weight", weight, x.columns());
    FloatRows weights = FloatRows.repeated(weight);
    forEachTile(
        x,
        (from, to, rows, columns) ->
            runtime
                .kernels()
                .rmsNorm(
                    FloatRows.of(x, from, to),
                    weights,
                    epsilon,
                    FloatRows.of(out, from, to),
                    rows,
                    columns));
  }

  @Override
  public void rmsNormRotary(
      Tensor x, Tensor weight, float epsilon, RotaryTable rotary, Tensor out) {
    check(x, out);
    Checks.shape("weight", weight, x.columns());
    Checks.sameShape(rotary.cos(), rotary.sin());
    Checks.size("rows of the rotary table", x.rows(), rotary.cos().rows());
    int headDimension = Math.toIntExact(2 * rotary.cos().columns());
    if (x.columns() % headDimension != 0) {
      throw new IllegalArgumentException(
          "%d columns are not whole heads of %d".formatted(x.columns(), headDimension));
    }
    FloatRows weights = FloatRows.repeated(weight);
    forEachTile(
        x,
        (from, to, rows, columns) -> {
          FloatRows tile = FloatRows.of(out, from, to);
          runtime
              .kernels()
              .rmsNorm(FloatRows.of(x, from, to), weights, epsilon, tile, rows, columns);
          runtime
              .kernels()
              .rotate(
                  tile,
                  FloatRows.of(rotary.cos(), from, to),
                  FloatRows.of(rotary.sin(), from, to),
                  rows,
                  columns,
                  headDimension);
        });
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    check(x, out);
    Checks.size("elements of gamma", x.columns(), gamma.elementCount());
    if (activation == Activation.GELU_TANH) {
      throw new IllegalArgumentException("channel norm is followed by NONE or SILU");
    }
    FloatRows gammas = FloatRows.repeated(gamma);
    forEachTile(
        x,
        (from, to, rows, columns) ->
            runtime
                .kernels()
                .unitNorm(
                    FloatRows.of(x, from, to),
                    gammas,
                    activation,
                    FloatRows.of(out, from, to),
                    rows,
                    columns));
  }

  private static void check(Tensor x, Tensor out) {
    Checks.floats(x, out);
    Checks.sameShape(x, out);
  }

  @FunctionalInterface
  private interface RowTask {
    void run(long from, long to, int rows, int columns);
  }

  private void forEachTile(Tensor x, RowTask task) {
    int columns = Math.toIntExact(x.columns());
    runtime
        .pool()
        .forEachRange(
            x.rows(),
            CpuRuntime.tileRows(columns),
            (worker, from, to) -> task.run(from, to, (int) (to - from), columns));
  }
}
