package org.reelspark.model.wan;

/**
 * Sizes of a Wan transformer, named after the keys of {@code transformer/config.json}.
 *
 * @param textDimension width of the text encoder's states
 * @param frequencyDimension width of the sinusoidal timestep embedding, even
 * @param feedForwardDimension hidden width of the feed-forward layers
 * @param crossAttentionNorm whether blocks normalise the tokens before cross-attention
 * @param maxPositions largest token count of one axis of the grid
 */
record WanTransformerConfig(
    Patch patch,
    int heads,
    int headDimension,
    int inChannels,
    int outChannels,
    int textDimension,
    int frequencyDimension,
    int feedForwardDimension,
    int layers,
    boolean crossAttentionNorm,
    float epsilon,
    int maxPositions) {

  /** Width of a token: all heads side by side. */
  int dimension() {
    return heads * headDimension;
  }

  /** Factor on query-key products. */
  float attentionScale() {
    return (float) (1 / Math.sqrt(headDimension));
  }
}
