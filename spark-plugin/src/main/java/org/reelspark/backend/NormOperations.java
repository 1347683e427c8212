package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/** Normalisations over the last dimension; statistics in 32-bit floats or better. Out may be x. */
public interface NormOperations {
  /** Layer norm with affine weights {@code [d]}. */
  void layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor out);

  /**
   * Layer norm without weights, then {@code * (1 + scale) + shift}.
   *
   * @param shift {@code [d]} or {@code [rows, d]}
   * @param scale the same shape as shift
   */
  void layerNormModulate(Tensor x, Tensor shift, Tensor scale, float epsilon, Tensor out);

  /** {@code x / sqrt(mean(x^2) + epsilon) * weight}. */
  void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out);

  /**
   * RMS norm over the whole row {@code [rows, heads * headDimension]}, then rotation of interleaved
   * pairs (x0, x1), (x2, x3), ... of every head by the row's table entry.
   */
  void rmsNormRotary(Tensor x, Tensor weight, float epsilon, RotaryTable rotary, Tensor out);

  /**
   * The norm of the Wan VAE: {@code silu(x / max(|x|_2, 1e-12) * sqrt(channels) * gamma)} over the
   * channels of {@code [T, H, W, C]}.
   *
   * @param activation NONE or SILU
   */
  void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out);
}
