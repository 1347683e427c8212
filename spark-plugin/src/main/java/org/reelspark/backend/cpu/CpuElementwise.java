package org.reelspark.backend.cpu;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reelspark.backend.Activation;
import org.reelspark.backend.ElementwiseOperations;
import org.reelspark.tensor.Tensor;

/** Element-wise arithmetic, in tiles of equal element count. */
final class CpuElementwise implements ElementwiseOperations {
  private static final long TILE_ELEMENTS = 64 * 1024;

  private final CpuRuntime runtime;

  CpuElementwise(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void combine(float[] coefficients, List<Tensor> inputs, Tensor out) {
    Checks.size("coefficients", inputs.size(), coefficients.length);
    if (inputs.isEmpty() || inputs.size() > 6) {
      throw new IllegalArgumentException("one to six inputs, found " + inputs.size());
    }
    Checks.floats(out);
    for (Tensor input : inputs) {
      Checks.floats(input);
      Checks.sameShape(input, out);
    }
    forEachTile(
        out,
        (from, to, count) -> {
          FloatRows[] tiles = new FloatRows[inputs.size()];
          for (int i = 0; i < tiles.length; i++) {
            tiles[i] = elements(inputs.get(i), from, to);
          }
          runtime.kernels().combine(coefficients, tiles, elements(out, from, to), 1, count);
        });
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    Checks.floats(a, b, out);
    Checks.sameShape(a, b);
    Checks.sameShape(a, out);
    forEachTile(
        out,
        (from, to, count) ->
            runtime
                .kernels()
                .multiply(
                    elements(a, from, to),
                    elements(b, from, to),
                    elements(out, from, to),
                    1,
                    count));
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    Checks.floats(x, out);
    Checks.sameShape(x, out);
    forEachTile(
        out,
        (from, to, count) ->
            runtime
                .kernels()
                .activate(elements(x, from, to), activation, elements(out, from, to), 1, count));
  }

  @Override
  public void addRow(Tensor x, Tensor row, Tensor out) {
    Checks.floats(x, row, out);
    Checks.sameShape(x, out);
    Checks.size("elements of the row", x.columns(), row.elementCount());
    FloatRows addend = FloatRows.repeated(row);
    int columns = Math.toIntExact(x.columns());
    runtime
        .pool()
        .forEachRange(
            x.rows(),
            CpuRuntime.tileRows(columns),
            (worker, from, to) ->
                runtime
                    .kernels()
                    .add(
                        FloatRows.of(x, from, to),
                        addend,
                        FloatRows.of(out, from, to),
                        (int) (to - from),
                        columns));
  }

  @Override
  public boolean isFinite(Tensor x) {
    Checks.floats(x);
    AtomicBoolean finite = new AtomicBoolean(true);
    forEachTile(
        x,
        (from, to, count) -> {
          if (!runtime.kernels().isFinite(elements(x, from, to), 1, count)) {
            finite.set(false);
          }
        });
    return finite.get();
  }

  private static FloatRows elements(Tensor tensor, long from, long to) {
    return FloatRows.at(tensor.address() + from * Float.BYTES, 1, to - from);
  }

  @FunctionalInterface
  private interface ElementTask {
    void run(long from, long to, int count);
  }

  private void forEachTile(Tensor tensor, ElementTask task) {
    runtime
        .pool()
        .forEachRange(
            tensor.elementCount(),
            TILE_ELEMENTS,
            (worker, from, to) -> task.run(from, to, (int) (to - from)));
  }
}
