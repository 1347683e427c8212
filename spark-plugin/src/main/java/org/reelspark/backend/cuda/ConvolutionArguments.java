package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;

/**
 * The parameter of the convolution kernels: {@code ConvolutionArguments} of {@code convolution.h},
 * which says what the fields mean, in its order. Addresses may be 0 where it says null.
 */
record ConvolutionArguments(Addresses addresses, Input input, KernelSize kernel) {
  static final int BYTES = 88;

  record Addresses(long x, long history, long weight, long bias, long residual, long out) {}

  record Input(int frames, int height, int width, int channels, int historyFrames) {}

  /**
   * @param upsampling binary logarithm of the factor by which the picture is enlarged first
   */
  record KernelSize(int outputs, int frames, int height, int width, int upsampling) {}

  /** The structure's bytes. */
  ByteBuffer pack() {
    ByteBuffer bytes = LaunchArguments.structure(BYTES);
    bytes.putLong(addresses.x).putLong(addresses.history).putLong(addresses.weight);
    bytes.putLong(addresses.bias).putLong(addresses.residual).putLong(addresses.out);
    bytes.putInt(input.frames).putInt(input.height).putInt(input.width);
    bytes.putInt(input.channels).putInt(kernel.outputs).putInt(input.historyFrames);
    bytes.putInt(kernel.frames).putInt(kernel.height).putInt(kernel.width);
    bytes.putInt(kernel.upsampling);
    return bytes.flip();
  }
}
