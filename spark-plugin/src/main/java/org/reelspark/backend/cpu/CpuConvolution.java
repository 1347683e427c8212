package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;
import org.reelspark.backend.Convolution;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Tensor;

/**
 * Convolutions: each row of pixels is laid out as a matrix of its neighbourhoods and multiplied.
 */
final class CpuConvolution {
  private final CpuRuntime runtime;

  CpuConvolution(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  void convolve(Tensor x, Convolution convolution, Tensor history, Tensor residual, Tensor out) {
    if (convolution.gamma() == null) {
      convolve(x, convolution, history, residual, out, 1);
      return;
    }
    CpuNorms norms = new CpuNorms(runtime);
    try (Tensor normal = Tensor.allocateHost(DType.F32, x.shape());
        Tensor normalHistory =
            history == null ? null : Tensor.allocateHost(DType.F32, history.shape())) {
      norms.channelNorm(x, convolution.gamma(), Activation.SILU, normal);
      if (history != null) {
        norms.channelNorm(history, convolution.gamma(), Activation.SILU, normalHistory);
      }
      convolve(normal, convolution, normalHistory, residual, out, 1);
    }
  }

  void upsampleConvolve(Tensor x, Convolution convolution, Tensor out) {
    Checks.size("frames of the kernel", 1, convolution.kernelFrames());
    convolve(x, convolution, null, null, out, 2);
  }

  private void convolve(
      Tensor x,
      Convolution convolution,
      Tensor history,
      Tensor residual,
      Tensor out,
      int upsampling) {
    Checks.floats(x, convolution.weight(), convolution.bias(), out);
    Checks.disjoint(out, x);
    Checks.size("channels of x", convolution.inputs(), x.shape().size(3));
    int height = x.shape().intSize(1) * upsampling;
    int width = x.shape().intSize(2) * upsampling;
    int outputs = convolution.outputs();
    Checks.shape("out", out, x.shape().size(0), height, width, outputs);
    int inputs = convolution.inputs();
    long neighbours =
        (long) convolution.kernelFrames() * convolution.kernelHeight() * convolution.kernelWidth();
    FloatRows bias = FloatRows.repeated(convolution.bias());
    FloatRows one = FloatRows.repeated(runtime.constantRow(1, outputs));
    Tensor zeros = runtime.constantRow(0, Math.max(inputs, outputs));
    runtime
        .pool()
        .forEachTile(
            x.shape().intSize(0) * height,
            (worker, tile) -> {
              int frame = tile / height;
              int row = tile % height;
              long bytes = (long) inputs * Float.BYTES;
              long patches = worker.scratch().floats(width * neighbours * inputs);
              long target = patches;
              for (int column = 0; column < width; column++) {
                for (int t = 0; t < convolution.kernelFrames(); t++) {
                  for (int h = 0; h < convolution.kernelHeight(); h++) {
                    for (int w = 0; w < convolution.kernelWidth(); w++) {
                      long pixel =
                          pixel(
                              x,
                              history,
                              frame + t - convolution.kernelFrames() + 1,
                              row + h - convolution.kernelHeight() / 2,
                              column + w - convolution.kernelWidth() / 2,
                              upsampling);
                      HostMemory.copy(pixel == 0 ? zeros.address() : pixel, target, bytes);
                      target += bytes;
                    }
                  }
                }
              }
              long product = worker.scratch().floats((long) width * outputs);
              Blas.multiply(
                  width,
                  outputs,
                  neighbours * inputs,
                  1,
                  Blas.Matrix.plain(patches, neighbours * inputs),
                  Blas.Matrix.transposed(convolution.weight().address(), neighbours * inputs),
                  0,
                  Blas.Matrix.plain(product, outputs));
              long first = (long) tile * width;
              FloatRows result = FloatRows.of(out, first, first + width);
              if (residual == null) {
                runtime.kernels().multiply(FloatRows.repeated(zeros), one, result, width, outputs);
              } else {
                FloatRows start = FloatRows.of(residual, first, first + width);
                runtime.kernels().multiply(start, one, result, width, outputs);
              }
              runtime
                  .kernels()
                  .gatedAdd(
                      FloatRows.at(product, width, outputs), bias, one, result, width, outputs);
            });
  }

  /** Address of the channels of a pixel, or 0 where the padding is. */
  private static long pixel(
      Tensor x, Tensor history, int frame, int row, int column, int upsampling) {
    int height = x.shape().intSize(1);
    int width = x.shape().intSize(2);
    int y = Math.floorDiv(row, upsampling);
    int z = Math.floorDiv(column, upsampling);
    if (y < 0 || y >= height || z < 0 || z >= width) {
      return 0;
    }
    Tensor source = x;
    int place = frame;
    if (frame < 0) {
      if (history == null || frame < -history.shape().intSize(0)) {
        return 0;
      }
      source = history;
      place = frame + history.shape().intSize(0);
    }
    long index = (((long) place * height + y) * width + z) * x.shape().size(3);
    return source.address() + index * Float.BYTES;
  }
}
