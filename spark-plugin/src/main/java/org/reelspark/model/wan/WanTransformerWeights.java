package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.backend.Linear;
import org.reelspark.tensor.Tensor;

/**
 * Weights of a Wan transformer; d is the token width.
 *
 * @param patchEmbedding {@code [d, C * pt * ph * pw]}
 * @param timeProjection {@code [6d, d]}
 * @param headModulation shift and scale, {@code [2, d]}
 * @param head {@code [pt * ph * pw * C, d]}
 */
record WanTransformerWeights(
    Linear patchEmbedding,
    Linear timeEmbedding1,
    Linear timeEmbedding2,
    Linear timeProjection,
    Linear textEmbedding1,
    Linear textEmbedding2,
    List<Block> blocks,
    Tensor headModulation,
    Linear head) {

  /**
   * One transformer block.
   *
   * @param modulation added to the time projection, {@code [6, d]}
   * @param crossNorm null when the model has none
   */
  record Block(
      Tensor modulation,
      Attention selfAttention,
      LayerNorm crossNorm,
      Attention crossAttention,
      Linear feedForward1,
      Linear feedForward2) {}

  /**
   * Projections of one attention.
   *
   * @param queryNorm RMS norm over all heads, {@code [d]}
   * @param keyNorm likewise
   */
  record Attention(
      Linear query, Linear key, Linear value, Linear out, Tensor queryNorm, Tensor keyNorm) {}

  /** Affine layer norm. */
  record LayerNorm(Tensor weight, Tensor bias) {}
}
