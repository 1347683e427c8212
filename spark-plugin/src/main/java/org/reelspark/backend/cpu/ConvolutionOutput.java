package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;

/**
 * Writes the sums of a tile to its place in the output.
 *
 * @param residual added to the sums, or null
 */
record ConvolutionOutput(VideoFrames out, VideoFrames residual) {
  void write(
      int frame,
      PictureTiles.Tile tile,
      ConvolutionKernel.Workspace workspace,
      ConvolutionBuffers buffers) {
    int stride = workspace.sumStride();
    int length = tile.columns() * out.channels();
    float[] row = buffers.row(tile.columns() * stride);
    FloatBuffer sums = workspace.sums();
    for (int r = 0; r < tile.rows(); r++) {
      int start = workspace.sumOffset(frame) + r * workspace.sumRowStride();
      sums.get(start, row, 0, tile.columns() * stride);
      dropUnused(row, tile.columns(), stride, out.channels());
      int place = out.offset(tile.top() + r, tile.left());
      if (residual != null) {
        float[] addend = buffers.otherRow(length);
        residual.pixels(frame).get(place, addend, 0, length);
        for (int i = 0; i < length; i++) {
          row[i] += addend[i];
        }
      }
      out.pixels(frame).put(place, row, 0, length);
    }
  }

  /** Moves pixels of {@code stride} channels together so that only the first ones remain. */
  private static void dropUnused(float[] row, int pixels, int stride, int channels) {
    if (stride != channels) {
      for (int i = 1; i < pixels; i++) {
        System.arraycopy(row, i * stride, row, i * channels, channels);
      }
    }
  }
}
