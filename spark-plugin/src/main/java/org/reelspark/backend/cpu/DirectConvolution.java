package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import org.reelspark.backend.Convolution;

/**
 * Convolution by loops that keep the sums of a few pixels in vector registers. For few channels,
 * where OpenBLAS would spend its time on packing.
 *
 * <p>In the padded tile the pixels under one row of the kernel lie side by side, so one row of the
 * kernel is one sum over {@code kernelWidth * channels} products. Every input is used for three
 * outputs at once: in the frame itself and the next two or, where the kernel has one frame, in the
 * row itself, the one above and the one below.
 */
final class DirectConvolution implements ConvolutionKernel {
  private static final int OUTPUTS_AT_ONCE = 3;

  private final PaddedTile layout;
  private final ConvolutionMicrokernel microkernel = ConvolutionMicrokernel.fastest();
  private final int kernelFrames;
  private final int kernelHeight;

  /** Products of one pixel with one row of the kernel. */
  private final int rowLength;

  /** Output channels rounded up to whole blocks. */
  private final int sumStride;

  /** The bias of as many pixels as a row of sums has. */
  private final float[] biasRow;

  /** {@code [block, kernel row, kernelWidth * inputs, output at once, channel of the block]}. */
  private final float[] weights;

  /**
   * @throws IllegalArgumentException when the kernel {@link #supports} is false for
   */
  DirectConvolution(Convolution convolution, PaddedTile layout) {
    if (!supports(convolution)) {
      throw new IllegalArgumentException("kernel " + convolution.weight());
    }
    this.layout = layout;
    this.kernelFrames = convolution.kernelFrames();
    this.kernelHeight = convolution.kernelHeight();
    this.rowLength = convolution.kernelWidth() * convolution.inputs();
    this.sumStride = roundUp(convolution.outputs(), microkernel.channels());
    this.biasRow = biasRow(convolution);
    this.weights = pack(convolution);
  }

  /** Kernels of three frames, or of one frame and three rows. */
  static boolean supports(Convolution convolution) {
    return convolution.kernelFrames() == OUTPUTS_AT_ONCE
        || convolution.kernelFrames() == 1 && convolution.kernelHeight() == OUTPUTS_AT_ONCE;
  }

  private static int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  private float[] biasRow(Convolution convolution) {
    int pixels = roundUp(layout.tileColumns(), microkernel.pixels());
    float[] row = new float[pixels * sumStride];
    FloatBuffer bias = convolution.bias().buffer().asFloatBuffer();
    for (int start = 0; start < row.length; start += sumStride) {
      bias.get(0, row, start, convolution.outputs());
    }
    return row;
  }

  private float[] pack(Convolution convolution) {
    int block = microkernel.channels();
    float[] kernel = new float[kernelFrames * kernelHeight * rowLength];
    float[] packed = new float[sumStride * kernel.length];
    FloatBuffer source = convolution.weight().buffer().asFloatBuffer();
    // Row r of frame t of the kernel is number t * kernelHeight + r, so that where there is one
    // frame the outputs at once are its rows.
    int rows = kernelFrames * kernelHeight / OUTPUTS_AT_ONCE;
    for (int output = 0; output < convolution.outputs(); output++) {
      source.get(kernel);
      for (int i = 0; i < kernel.length; i++) {
        int atOnce = i / rowLength / rows;
        int row = i / rowLength % rows;
        int product = ((output / block * rows + row) * rowLength) + i % rowLength;
        packed[(product * OUTPUTS_AT_ONCE + atOnce) * block + output % block] = kernel[i];
      }
    }
    return packed;
  }

  @Override
  public int laterFrames() {
    return kernelFrames - 1;
  }

  @Override
  public Workspace workspace(Worker worker, ConvolutionBuffers buffers) {
    return new DirectWorkspace(buffers);
  }

  private final class DirectWorkspace implements Workspace {
    /** With one frame, sums of rows above and below the tile are computed too, and ignored. */
    private final int rowsBeyond = kernelFrames == 1 ? OUTPUTS_AT_ONCE - 1 : 0;

    private final int frameLength = (layout.tileRows() + 2 * rowsBeyond) * biasRow.length;
    private final float[] padded;
    private final float[] sums;

    DirectWorkspace(ConvolutionBuffers buffers) {
      // The last group of pixels may reach past the tile.
      int slack = microkernel.pixels() * layout.channels();
      this.padded = buffers.padded(layout.elementCount() + slack);
      this.sums = buffers.sums(kernelFrames * frameLength);
    }

    @Override
    public FloatBuffer padded() {
      return FloatBuffer.wrap(padded);
    }

    @Override
    public void start(int frame) {
      for (int row = 0; row < layout.tileRows(); row++) {
        System.arraycopy(biasRow, 0, sums, sumOffset(frame) + row * biasRow.length, biasRow.length);
      }
    }

    @Override
    public void add(int frame, PictureTiles.Tile tile) {
      if (kernelFrames == 1) {
        addToRows(tile);
      } else {
        addToFrames(frame, tile);
      }
    }

    private void addToFrames(int frame, PictureTiles.Tile tile) {
      for (int row = 0; row < tile.rows(); row++) {
        int start = row * biasRow.length;
        for (int kernelRow = 0; kernelRow < kernelHeight; kernelRow++) {
          multiply(
              layout.offset(row + kernelRow, 0),
              kernelRow,
              start + sumOffset(frame + 2),
              start + sumOffset(frame + 1),
              start + sumOffset(frame),
              tile.columns());
        }
      }
    }

    private void addToRows(PictureTiles.Tile tile) {
      for (int row = 0; row < tile.rows() + 2 * layout.rowMargin(); row++) {
        int start = sumOffset(0) + row * biasRow.length;
        multiply(
            layout.offset(row, 0),
            0,
            start,
            start - biasRow.length,
            start - 2 * biasRow.length,
            tile.columns());
      }
    }

    private void multiply(
        int paddedOffset, int kernelRow, int sumsA, int sumsB, int sumsC, int columns) {
      int block = microkernel.channels();
      int rows = kernelFrames * kernelHeight / OUTPUTS_AT_ONCE;
      int groups = (columns + microkernel.pixels() - 1) / microkernel.pixels();
      for (int channel = 0; channel < sumStride; channel += block) {
        int product = (channel / block * rows + kernelRow) * rowLength;
        microkernel.accumulate(
            padded,
            paddedOffset,
            layout.channels(),
            rowLength,
            weights,
            product * OUTPUTS_AT_ONCE * block,
            sums,
            sumsA + channel,
            sumsB + channel,
            sumsC + channel,
            sumStride,
            groups);
      }
    }

    @Override
    public FloatBuffer sums() {
      return FloatBuffer.wrap(sums);
    }

    @Override
    public int sumOffset(int frame) {
      return Math.floorMod(frame, kernelFrames) * frameLength + rowsBeyond * biasRow.length;
    }

    @Override
    public int sumRowStride() {
      return biasRow.length;
    }

    @Override
    public int sumStride() {
      return sumStride;
    }
  }
}
