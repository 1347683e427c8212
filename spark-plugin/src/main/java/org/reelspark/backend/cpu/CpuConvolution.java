package org.reelspark.backend.cpu;

import java.util.function.BiFunction;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.Tensor;

/**
 * Convolutions. The picture is cut into tiles; each tile runs through all frames and keeps the last
 * few padded input frames at hand, so that an input is read, normed and padded about once.
 */
final class CpuConvolution {
  /**
   * Inputs times outputs up to which {@link DirectConvolution} beats {@link GemmConvolution}; see
   * docs/benchmarks/cpu-convolution.md.
   */
  private static final int DIRECT_UP_TO = 64 * 128;

  private final CpuRuntime runtime;
  private final BiFunction<Convolution, PaddedTile, ConvolutionKernel> kernels;
  private final ConvolutionBuffers[] buffers;

  CpuConvolution(CpuRuntime runtime) {
    this(runtime, CpuConvolution::fastestKernel);
  }

  /** With a given choice of kernels, for tests. */
  CpuConvolution(
      CpuRuntime runtime, BiFunction<Convolution, PaddedTile, ConvolutionKernel> kernels) {
    this.runtime = runtime;
    this.kernels = kernels;
    this.buffers = new ConvolutionBuffers[runtime.pool().threads()];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = new ConvolutionBuffers();
    }
  }

  void convolve(Tensor x, Convolution convolution, Tensor history, Tensor residual, Tensor out) {
    long[] sizes = x.shape().toArray();
    check(x, convolution, out, sizes[0], sizes[1], sizes[2]);
    if (history != null) {
      Checks.floats(history);
      Checks.shape("history", history, history.shape().size(0), sizes[1], sizes[2], sizes[3]);
      Checks.disjoint(out, history);
      if (history.shape().size(0) >= convolution.kernelFrames()) {
        throw new IllegalArgumentException(
            "history %s is longer than the %d frames that the kernel looks back"
                .formatted(history, convolution.kernelFrames() - 1));
      }
    }
    if (residual != null) {
      Checks.floats(residual);
      Checks.sameShape(residual, out);
    }
    compute(x, convolution, history, residual, out, 1);
  }

  void upsampleConvolve(Tensor x, Convolution convolution, Tensor out) {
    long[] sizes = x.shape().toArray();
    check(x, convolution, out, sizes[0], 2 * sizes[1], 2 * sizes[2]);
    Checks.size("kernel frames", 1, convolution.kernelFrames());
    compute(x, convolution, null, null, out, 2);
  }

  private static void check(
      Tensor x, Convolution convolution, Tensor out, long frames, long height, long width) {
    Checks.floats(x, convolution.weight(), convolution.bias(), out);
    Checks.size("channels of x", convolution.inputs(), x.columns());
    Checks.shape("out", out, frames, height, width, convolution.outputs());
    Checks.shape("bias", convolution.bias(), convolution.outputs());
    Checks.disjoint(out, x);
    if (convolution.gamma() != null) {
      Checks.floats(convolution.gamma());
      Checks.shape("gamma", convolution.gamma(), convolution.inputs());
    }
    if (convolution.kernelHeight() % 2 == 0 || convolution.kernelWidth() % 2 == 0) {
      throw new IllegalArgumentException(
          "kernel height and width must be odd, found " + convolution.weight());
    }
  }

  private void compute(
      Tensor x, Convolution convolution, Tensor history, Tensor residual, Tensor out, int scale) {
    PictureTiles tiles = PictureTiles.of(out.shape().intSize(1), out.shape().intSize(2));
    PaddedTile padded = PaddedTile.of(convolution, tiles);
    ConvolutionInput input =
        new ConvolutionInput(
            new VideoFrames(x),
            history == null ? null : new VideoFrames(history),
            convolution.gamma(),
            scale,
            padded,
            runtime.kernels());
    ConvolutionOutput output =
        new ConvolutionOutput(
            new VideoFrames(out), residual == null ? null : new VideoFrames(residual));
    ConvolutionKernel kernel = kernels.apply(convolution, padded);
    runtime
        .pool()
        .forEachTile(
            tiles.count(),
            (worker, index) -> computeTile(input, kernel, output, tiles.tile(index), worker));
  }

  private void computeTile(
      ConvolutionInput input,
      ConvolutionKernel kernel,
      ConvolutionOutput output,
      PictureTiles.Tile tile,
      Worker worker) {
    ConvolutionBuffers buffer = buffers[worker.index()];
    ConvolutionKernel.Workspace workspace = kernel.workspace(worker, buffer);
    ConvolutionInput.Reader reader = input.reader(tile, workspace.padded(), worker);
    for (int frame = 0; frame < kernel.laterFrames(); frame++) {
      workspace.start(frame);
    }
    for (int frame = -input.historyFrames(); frame < input.frames(); frame++) {
      reader.read(frame);
      workspace.start(frame + kernel.laterFrames());
      workspace.add(frame, tile);
      if (frame >= 0) {
        output.write(frame, tile, workspace, buffer);
      }
    }
  }

  private static ConvolutionKernel fastestKernel(Convolution convolution, PaddedTile padded) {
    boolean fewChannels = convolution.inputs() * convolution.outputs() <= DIRECT_UP_TO;
    return fewChannels && VectorSupport.available() && DirectConvolution.supports(convolution)
        ? new DirectConvolution(convolution, padded)
        : new GemmConvolution(convolution, padded);
  }
}
