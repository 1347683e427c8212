package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/**
 * Weights of a convolution, stride 1, zero padding that keeps height and width, causal in time.
 *
 * @param weight {@code [out, kernelFrames, kernelHeight, kernelWidth, in]}: the channels-last form
 *     of a checkpoint's {@code [out, in, kt, kh, kw]}
 * @param bias {@code [out]}
 * @param gamma {@code [in]}, weights of the {@link NormOperations#channelNorm} with SILU that the
 *     input passes through first, or null for none
 */
public record Convolution(Tensor weight, Tensor bias, Tensor gamma) implements AutoCloseable {
  /** A convolution of the input as it is. */
  public Convolution(Tensor weight, Tensor bias) {
    this(weight, bias, null);
  }

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
    if (gamma != null) {
      gamma.close();
    }
  }
}
