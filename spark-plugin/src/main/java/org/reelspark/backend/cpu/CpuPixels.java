package org.reelspark.backend.cpu;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Rearrangements of channels-last video, in tiles of pixels or frames. */
final class CpuPixels {
  private static final long TILE_ELEMENTS = 64 * 1024;

  private final CpuRuntime runtime;

  CpuPixels(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  void interleaveFrames(Tensor x, Tensor out) {
    Checks.floats(x, out);
    Checks.disjoint(out, x);
    Shape in = x.shape();
    long channels = in.size(3) / 2;
    Checks.shape("out", out, 2 * in.size(0), in.size(1), in.size(2), channels);
    long pixels = in.size(1) * in.size(2);
    long bytes = channels * Float.BYTES;
    runtime
        .pool()
        .forEachTile(
            out.shape().intSize(0),
            (worker, frame) -> {
              long source = x.address() + (frame / 2 * pixels * 2 + frame % 2) * bytes;
              long target = out.address() + frame * pixels * bytes;
              for (long i = 0; i < pixels; i++) {
                HostMemory.copy(source + 2 * i * bytes, target + i * bytes, bytes);
              }
            });
  }

  void duplicateUpsampleAdd(Tensor x, int frameFactor, int droppedFrames, Tensor out) {
    Checks.floats(x, out);
    Checks.disjoint(out, x);
    Shape in = x.shape();
    int outputs = out.shape().intSize(3);
    int repeats = Math.toIntExact(4L * frameFactor * outputs / in.size(3));
    Checks.size("channels of x times repeats", 4L * frameFactor * outputs, repeats * in.size(3));
    long frames = in.size(0) * frameFactor - droppedFrames;
    Checks.shape("out", out, frames, 2 * in.size(1), 2 * in.size(2), outputs);
    int rows = 2 * in.intSize(1);
    int columns = 2 * in.intSize(2);
    Tensor pixels = x.reshape(in.size(0) * in.size(1), in.size(2) * in.size(3));
    runtime
        .pool()
        .forEachTile(
            Math.toIntExact(frames * rows),
            (worker, tile) -> {
              int frame = tile / rows + droppedFrames;
              int row = tile % rows;
              long sourceRow = (long) (frame / frameFactor) * in.size(1) + row / 2;
              FloatRows source = FloatRows.of(pixels, sourceRow, sourceRow + 1);
              FloatRows target =
                  FloatRows.of(out, (long) tile * columns, (long) (tile + 1) * columns);
              for (int column = 0; column < columns; column++) {
                int place = (frame % frameFactor * 2 + row % 2) * 2 + column % 2;
                for (int c = 0; c < outputs; c++) {
                  int channel = (c * frameFactor * 4 + place) / repeats;
                  float value = source.get(0, column / 2 * in.intSize(3) + channel);
                  target.put(column, c, target.get(column, c) + value);
                }
              }
            });
  }

  void unpatchifyPixels(Tensor x, int patch, Tensor out) {
    Checks.floats(x, out);
    Checks.disjoint(out, x);
    Shape in = x.shape();
    int channels = Math.toIntExact(in.size(3) / patch / patch);
    Checks.shape("out", out, in.size(0), in.size(1) * patch, in.size(2) * patch, channels);
    int columns = in.intSize(2) * patch;
    runtime
        .pool()
        .forEachTile(
            Math.toIntExact(in.size(0) * in.size(1) * patch),
            (worker, tile) -> {
              long firstPixel = (long) (tile / patch) * in.size(2);
              FloatRows source = FloatRows.of(x, firstPixel, firstPixel + in.size(2));
              FloatRows target =
                  FloatRows.of(out, (long) tile * columns, (long) (tile + 1) * columns);
              for (int column = 0; column < columns; column++) {
                for (int c = 0; c < channels; c++) {
                  int channel = (c * patch + column % patch) * patch + tile % patch;
                  target.put(column, c, source.get(column / patch, channel));
                }
              }
            });
  }

  void toRgb(Tensor x, Tensor out) {
    Checks.floats(x);
    Checks.sameShape(x, out);
    if (out.dtype() != DType.U8 || out.space() != MemorySpace.HOST) {
      throw new IllegalArgumentException("expected U8 in host memory, found " + out);
    }
    runtime
        .pool()
        .forEachRange(
            x.elementCount(),
            TILE_ELEMENTS,
            (worker, from, to) -> {
              int count = (int) (to - from);
              FloatRows values = FloatRows.at(x.address() + from * Float.BYTES, 1, count);
              ByteBuffer bytes = HostMemory.view(out.address() + from, count);
              for (int i = 0; i < count; i++) {
                float level = Math.max(0, Math.min(1, values.get(0, i) / 2 + 0.5f));
                bytes.put(i, (byte) (level * 255));
              }
            });
  }
}
