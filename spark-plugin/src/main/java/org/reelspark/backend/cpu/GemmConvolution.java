package org.reelspark.backend.cpu;

import java.nio.FloatBuffer;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.HostMemory;

/**
 * Convolution as one matrix product for each place of the kernel: the padded tile is a matrix of
 * pixels by channels, and a place of the kernel reads it some rows later. Sums at the margins
 * between rows are computed too, and ignored. For many channels.
 */
final class GemmConvolution implements ConvolutionKernel {
  private final Convolution convolution;
  private final PaddedTile layout;
  private final int outputs;

  GemmConvolution(Convolution convolution, PaddedTile layout) {
    this.convolution = convolution;
    this.layout = layout;
    this.outputs = convolution.outputs();
  }

  @Override
  public int laterFrames() {
    return convolution.kernelFrames() - 1;
  }

  @Override
  public Workspace workspace(Worker worker, ConvolutionBuffers buffers) {
    return new GemmWorkspace(worker.scratch());
  }

  private final class GemmWorkspace implements Workspace {
    private final int frameLength = layout.tileRows() * sumRowStride();
    private final long paddedAddress;
    private final long sumsAddress;
    private final FloatBuffer padded;
    private final FloatBuffer sums;
    private final FloatBuffer bias = convolution.bias().buffer().asFloatBuffer();

    GemmWorkspace(ScratchArena scratch) {
      int sumCount = convolution.kernelFrames() * frameLength;
      this.paddedAddress = scratch.floats(layout.elementCount());
      this.sumsAddress = scratch.floats(sumCount);
      this.padded = floats(paddedAddress, layout.elementCount());
      this.sums = floats(sumsAddress, sumCount);
    }

    private static FloatBuffer floats(long address, int count) {
      return HostMemory.view(address, Math.multiplyExact(count, Float.BYTES)).asFloatBuffer();
    }

    @Override
    public FloatBuffer padded() {
      return padded;
    }

    @Override
    public void start(int frame) {
      int end = sumOffset(frame) + frameLength;
      for (int i = sumOffset(frame); i < end; i += outputs) {
        sums.put(i, bias, 0, outputs);
      }
    }

    @Override
    public void add(int frame, PictureTiles.Tile tile) {
      int pixels = (tile.rows() - 1) * layout.columns() + tile.columns();
      for (int tap = 0; tap <= laterFrames(); tap++) {
        for (int row = 0; row < convolution.kernelHeight(); row++) {
          for (int column = 0; column < convolution.kernelWidth(); column++) {
            multiply(
                pixels,
                layout.offset(row, column),
                weight(tap, row, column),
                frame + laterFrames() - tap);
          }
        }
      }
    }

    private void multiply(int pixels, int paddedOffset, long weightAddress, int outputFrame) {
      int inputs = layout.channels();
      long paddedStart = paddedAddress + (long) paddedOffset * Float.BYTES;
      long sumStart = sumsAddress + (long) sumOffset(outputFrame) * Float.BYTES;
      long weightStride = convolution.weight().elementCount() / outputs;
      Blas.multiply(
          pixels,
          outputs,
          inputs,
          1,
          Blas.Matrix.plain(paddedStart, inputs),
          Blas.Matrix.transposed(weightAddress, weightStride),
          1,
          Blas.Matrix.plain(sumStart, outputs));
    }

    private long weight(int tap, int row, int column) {
      int places = convolution.kernelHeight() * convolution.kernelWidth();
      long place = (long) tap * places + row * convolution.kernelWidth() + column;
      return convolution.weight().address() + place * layout.channels() * Float.BYTES;
    }

    @Override
    public FloatBuffer sums() {
      return sums;
    }

    @Override
    public int sumOffset(int frame) {
      return Math.floorMod(frame, convolution.kernelFrames()) * frameLength;
    }

    @Override
    public int sumRowStride() {
      return layout.columns() * outputs;
    }

    @Override
    public int sumStride() {
      return outputs;
    }
  }
}
