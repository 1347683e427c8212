package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import org.reelspark.backend.Activation;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/** What a convolution reads: frames, with the frames before them, enlarged and normed. */
final class ConvolutionInput {
  private final VideoFrames x;
  private final VideoFrames history;
  private final FloatRows gamma;
  private final int scale;
  private final PaddedTile layout;
  private final RowKernels kernels;

  /**
   * @param history frames before x, or null
   * @param gamma weights of the norm, or null for none
   * @param scale 1, or 2 for nearest upsampling by two
   */
  ConvolutionInput(
      VideoFrames x,
      VideoFrames history,
      Tensor gamma,
      int scale,
      PaddedTile layout,
      RowKernels kernels) {
    this.x = x;
    this.history = history;
    this.gamma = gamma == null ? null : FloatRows.repeated(gamma);
    this.scale = scale;
    this.layout = layout;
    this.kernels = kernels;
  }

  int frames() {
    return x.count();
  }

  int historyFrames() {
    return history == null ? 0 : history.count();
  }

  /** Starts a tile: the padded frame becomes zero, and stays so beyond the picture. */
  Reader reader(PictureTiles.Tile tile, FloatBuffer padded, Worker worker) {
    int rowLength = layout.columns() * layout.channels();
    FloatBuffer zeros = FloatBuffer.allocate(rowLength);
    for (int i = 0; i < layout.elementCount(); i += rowLength) {
      padded.put(i, zeros, 0, rowLength);
    }
    return new Reader(tile, padded, gamma == null ? 0 : worker.scratch().floats(rowLength));
  }

  /** Reads the part of a frame that a tile needs. */
  final class Reader {
    private final PictureTiles.Tile tile;
    private final FloatBuffer padded;

    /** Address of one row of normed pixels. */
    private final long normed;

    private Reader(PictureTiles.Tile tile, FloatBuffer padded, long normed) {
      this.tile = tile;
      this.padded = padded;
      this.normed = normed;
    }

    /**
     * Reads a frame.
     *
     * @param frame negative for the history's frames
     */
    void read(int frame) {
      int left = tile.left() - layout.columnMargin();
      int from = Math.max(0, left);
      int to = Math.min(x.width() * scale, tile.left() + tile.columns() + layout.columnMargin());
      for (int row = 0; row < tile.rows() + 2 * layout.rowMargin(); row++) {
        int y = tile.top() - layout.rowMargin() + row;
        if (y >= 0 && y < x.height() * scale) {
          readRow(frame, y, from, to, layout.offset(row, from - left));
        }
      }
    }

    /** Reads the columns {@code from} (inclusive) to {@code to} (exclusive) of the picture. */
    private void readRow(int frame, int y, int from, int to, int position) {
      VideoFrames source = frame < 0 ? history : x;
      int index = frame < 0 ? frame + historyFrames() : frame;
      int first = from / scale;
      int pixels = (to - 1) / scale + 1 - first;
      FloatBuffer values = source.pixels(index);
      int start = source.offset(y / scale, first);
      if (gamma != null) {
        values = norm(source.address(index, y / scale, first), pixels);
        start = 0;
      }
      int channels = layout.channels();
      if (scale == 1) {
        padded.put(position, values, start, pixels * channels);
        return;
      }
      for (int column = from; column < to; column++) {
        int enlarged = start + (column / scale - first) * channels;
        padded.put(position + (column - from) * channels, values, enlarged, channels);
      }
    }

    private FloatBuffer norm(long address, int pixels) {
      int channels = layout.channels();
      FloatRows in = FloatRows.at(address, pixels, channels);
      FloatRows out = FloatRows.at(normed, pixels, channels);
      kernels.unitNorm(in, gamma, Activation.SILU, out, pixels, channels);
      return HostMemory.view(normed, pixels * channels * Float.BYTES).asFloatBuffer();
    }
  }
}
