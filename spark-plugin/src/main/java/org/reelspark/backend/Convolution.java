package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Weights of a convolution, stride 1, zero padding that keeps height and width, causal in time.
 *
 * @param weight {@code [out, kernelFrames, kernelHeight, kernelWidth, in]}: the channels-last form
 *     of a checkpoint's {@code [out, in, kt, kh, kw]}
 * @param bias {@code [out]}
 */
public record Convolution(Tensor weight, Tensor bias) implements AutoCloseable {
  public int outputs() {
    return weight.shape().intSize(0);
  }

  public int kernelFrames() {
    return weight.shape().intSize(1);
  }

  public int kernelHeight() {
    return weight.shape().intSize(2);
  }

  public int kernelWidth() {
    return weight.shape().intSize(3);
  }

  public int inputs() {
    return weight.shape().intSize(4);
  }

  @Override
  public void close() {
    weight.close();
    bias.close();
  }
}
