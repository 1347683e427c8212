package org.reelspark.backend.cuda;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Convolution;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Convolutions on tensor cores: {@code convolution.cu}. Weights have the type of x, biases F32. */
final class CudaConvolution {
  /** Pixels of a block. */
  private static final int PIXELS = 128;

  /** Outputs of a block, as the kernels' names have them. */
  private static final int[] BLOCK_OUTPUTS = {128, 96, 32};

  /** Of results that are F32. */
  private static final int[] F32_BLOCK_OUTPUTS = {32};

  /** Blocks that a multiprocessor works on at once. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 2;

  /** Bringing its pixels takes a block as long as so many outputs. */
  private static final int OUTPUTS_OF_PIXELS = 128;

  private static final int MOST_KERNEL_SIZE = 7;
  private static final int INPUT_UNIT = 8;
  private static final int ALIGNMENT = 16;

  private final KernelLauncher launcher;
  private final CudaMemory memory;
  private final CudaNorms norms;

  CudaConvolution(KernelLauncher launcher, CudaMemory memory, CudaNorms norms) {
    this.launcher = launcher;
    this.memory = memory;
    this.norms = norms;
  }

  void convolve(Tensor x, Convolution convolution, Tensor history, Tensor residual, Tensor out) {
    long[] sizes = x.shape().toArray();
    check(x, convolution, out, sizes[1], sizes[2]);
    if (history != null) {
      Checks.floats(history);
      Checks.sameType(x, history);
      Checks.aligned(ALIGNMENT, history);
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
      Checks.sameType(out, residual);
      Checks.sameShape(residual, out);
    }
    compute(x, convolution, history, residual, out, 0);
  }

  void upsampleConvolve(Tensor x, Convolution convolution, Tensor out) {
    check(x, convolution, out, 2 * x.shape().size(1), 2 * x.shape().size(2));
    Checks.size("kernel frames", 1, convolution.kernelFrames());
    compute(x, convolution, null, null, out, 1);
  }

  private static void check(
      Tensor x, Convolution convolution, Tensor out, long height, long width) {
    Tensor weight = convolution.weight();
    Checks.floats(x, weight, convolution.bias(), out);
    Checks.sameType(x, weight);
    Checks.type(DType.F32, convolution.bias());
    Checks.size("channels of x", convolution.inputs(), x.columns());
    Checks.shape("out", out, x.shape().size(0), height, width, convolution.outputs());
    Checks.shape("bias", convolution.bias(), convolution.outputs());
    Checks.disjoint(out, x);
    Checks.aligned(ALIGNMENT, x, weight);
    if (convolution.kernelHeight() % 2 == 0 || convolution.kernelWidth() % 2 == 0) {
      throw new IllegalArgumentException(
          "kernel height and width must be odd, found " + convolution.weight());
    }
    if (convolution.inputs() % INPUT_UNIT != 0) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "a convolution of %d channels; the GPU convolves multiples of %d, use the CPU backend"
              .formatted(convolution.inputs(), INPUT_UNIT));
    }
    int kernelSize =
        Math.max(
            convolution.kernelFrames(),
            Math.max(convolution.kernelHeight(), convolution.kernelWidth()));
    if (kernelSize > MOST_KERNEL_SIZE) {
      throw new ReelsparkException(
          ErrorCode.MODEL_UNSUPPORTED,
          "a convolution with a kernel of %d; the GPU takes up to %d, use the CPU backend"
              .formatted(kernelSize, MOST_KERNEL_SIZE));
    }
  }

  private void compute(
      Tensor x,
      Convolution convolution,
      Tensor history,
      Tensor residual,
      Tensor out,
      int upsampling) {
    if (out.elementCount() == 0) {
      return;
    }
    if (convolution.gamma() == null) {
      launch(x, convolution, history, residual, out, upsampling);
      return;
    }
    try (Tensor normed = norm(x, convolution);
        Tensor normedHistory = history == null ? null : norm(history, convolution)) {
      launch(normed, convolution, normedHistory, residual, out, upsampling);
    }
  }

  private Tensor norm(Tensor x, Convolution convolution) {
    Tensor normed = memory.allocate(x.dtype(), x.shape());
    norms.channelNorm(x, convolution.gamma(), Activation.SILU, normed);
    return normed;
  }

  private void launch(
      Tensor x,
      Convolution convolution,
      Tensor history,
      Tensor residual,
      Tensor out,
      int upsampling) {
    int blockOutputs =
        blockOutputs(
            out.rows(),
            convolution.outputs(),
            out.dtype(),
            launcher.stream().device().multiprocessors());
    long blocks = grid(out.rows(), convolution.outputs(), blockOutputs);
    ConvolutionArguments arguments =
        new ConvolutionArguments(
            new ConvolutionArguments.Addresses(
                x.address(),
                addressOf(history),
                convolution.weight().address(),
                convolution.bias().address(),
                addressOf(residual),
                out.address()),
            new ConvolutionArguments.Input(
                x.shape().intSize(0),
                x.shape().intSize(1),
                x.shape().intSize(2),
                x.shape().intSize(3),
                history == null ? 0 : history.shape().intSize(0)),
            new ConvolutionArguments.KernelSize(
                convolution.outputs(),
                convolution.kernelFrames(),
                convolution.kernelHeight(),
                convolution.kernelWidth(),
                upsampling));
    launcher.launch(
        entry(x.dtype(), out.dtype(), blockOutputs),
        Kernel.Grid.of(blocks),
        launcher.arguments().add(arguments.pack()));
  }

  /** Blocks of a launch. */
  static long grid(long pixels, int outputs, int blockOutputs) {
    return Blocks.of(pixels, PIXELS) * Blocks.of(outputs, blockOutputs);
  }

  /**
   * Those with which the launch takes least time. Blocks run in rounds of as many as the GPU holds,
   * and a round that is not full takes as long as one that is: small pictures want small blocks.
   */
  static int blockOutputs(long pixels, int outputs, DType resultType, int multiprocessors) {
    int best = 0;
    long bestTime = Long.MAX_VALUE;
    for (int candidate : resultType == DType.F32 ? F32_BLOCK_OUTPUTS : BLOCK_OUTPUTS) {
      long rounds =
          Blocks.of(
              grid(pixels, outputs, candidate), (long) BLOCKS_OF_MULTIPROCESSOR * multiprocessors);
      long time = rounds * (OUTPUTS_OF_PIXELS + candidate);
      if (time < bestTime) {
        best = candidate;
        bestTime = time;
      }
    }
    return best;
  }

  private static String entry(DType type, DType resultType, int blockOutputs) {
    return EntryName.of("convolve", type, resultType) + "_n" + blockOutputs;
  }

  private static long addressOf(Tensor tensor) {
    return tensor == null ? 0 : tensor.address();
  }
}
