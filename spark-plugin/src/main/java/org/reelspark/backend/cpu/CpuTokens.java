package org.reelspark.backend.cpu;

import org.reelspark.backend.TokenOperations;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/** Gathers between latents and tokens. */
final class CpuTokens implements TokenOperations {
  private static final long TILE_ROWS = 64;

  private final CpuRuntime runtime;

  CpuTokens(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public void gather(Tensor table, int[] indices, Tensor out) {
    Checks.floats(table, out);
    Checks.disjoint(out, table);
    long tableRows = table.shape().size(0);
    long columns = tableRows == 0 ? 0 : table.elementCount() / tableRows;
    Checks.size("elements of out", indices.length * columns, out.elementCount());
    for (int index : indices) {
      if (index < 0 || index >= tableRows) {
        throw new IndexOutOfBoundsException("row %d of %s".formatted(index, table));
      }
    }
    long rowBytes = columns * Float.BYTES;
    runtime
        .pool()
        .forEachRange(
            indices.length,
            TILE_ROWS,
            (worker, from, to) -> {
              for (int i = (int) from; i < to; i++) {
                HostMemory.copy(
                    table.address() + indices[i] * rowBytes,
                    out.address() + i * rowBytes,
                    rowBytes);
              }
            });
  }

  @Override
  public void patchify(Tensor latents, int[] patch, int[] order, Tensor out) {
    PatchGrid grid = PatchGrid.of(latents, patch, order);
    Checks.floats(latents, out);
    Checks.size("rows of out", order.length, out.rows());
    Checks.size("columns of out", grid.channels() * grid.offsets().length, out.columns());
    FloatRows planes = channelPlanes(latents);
    runtime
        .pool()
        .forEachRange(
            order.length,
            TILE_ROWS,
            (worker, from, to) -> {
              FloatRows rows = FloatRows.of(out, from, to);
              for (int i = (int) from; i < to; i++) {
                int start = grid.start(order[i]);
                int column = 0;
                for (int channel = 0; channel < grid.channels(); channel++) {
                  for (int offset : grid.offsets()) {
                    rows.put(i - (int) from, column++, planes.get(channel, start + offset));
                  }
                }
              }
            });
  }

  @Override
  public void unpatchify(Tensor tokens, int[] patch, int[] order, Tensor out) {
    PatchGrid grid = PatchGrid.of(out, patch, order);
    Checks.floats(tokens, out);
    Checks.size("rows of tokens", order.length, tokens.rows());
    Checks.size("columns of tokens", grid.channels() * grid.offsets().length, tokens.columns());
    FloatRows planes = channelPlanes(out);
    runtime
        .pool()
        .forEachRange(
            order.length,
            TILE_ROWS,
            (worker, from, to) -> {
              FloatRows rows = FloatRows.of(tokens, from, to);
              for (int i = (int) from; i < to; i++) {
                int start = grid.start(order[i]);
                int column = 0;
                for (int offset : grid.offsets()) {
                  for (int channel = 0; channel < grid.channels(); channel++) {
                    planes.put(channel, start + offset, rows.get(i - (int) from, column++));
                  }
                }
              }
            });
  }

  @Override
  public void latentsToVideo(Tensor latents, float[] std, float[] mean, Tensor out) {
    Checks.floats(latents, out);
    int channels = latents.shape().intSize(0);
    Checks.size("channels of out", channels, out.columns());
    Checks.size("elements of out", latents.elementCount(), out.elementCount());
    Checks.size("standard deviations", channels, std.length);
    Checks.size("means", channels, mean.length);
    FloatRows planes = channelPlanes(latents);
    runtime
        .pool()
        .forEachRange(
            out.rows(),
            TILE_ROWS,
            (worker, from, to) -> {
              FloatRows pixels = FloatRows.of(out, from, to);
              for (int i = (int) from; i < to; i++) {
                for (int channel = 0; channel < channels; channel++) {
                  float value = planes.get(channel, i) * std[channel] + mean[channel];
                  pixels.put(i - (int) from, channel, value);
                }
              }
            });
  }

  /** {@code [C, F, H, W]} as one row for each channel. */
  private static FloatRows channelPlanes(Tensor latents) {
    long channels = latents.shape().size(0);
    return FloatRows.of(latents.reshape(channels, latents.elementCount() / channels), 0, channels);
  }
}
