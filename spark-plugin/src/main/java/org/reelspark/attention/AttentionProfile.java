package org.reelspark.attention;

import java.util.List;

/**
 * The sparse attention settings of one model: a token order, and for each layer the parameters of
 * every head, which may differ by timestep range.
 *
 * @param order token order of self-attention
 * @param layers one entry per transformer block; empty means dense everywhere
 */
public record AttentionProfile(TokenOrder order, List<LayerProfile> layers) {
  /** Dense attention in row-major order. */
  public static final AttentionProfile DENSE =
      new AttentionProfile(TokenOrder.ROW_MAJOR, List.of());

  public AttentionProfile {
    layers = List.copyOf(layers);
  }

  /** Parameters of one layer's self-attention at a timestep in [0, 1000). */
  public AttentionParameters parameters(int layer, float timestep, int heads, float scale) {
    if (layers.isEmpty()) {
      return AttentionParameters.dense(heads, scale);
    }
    return new AttentionParameters(
        layers.get(layer).heads(timestep), scale, Masking.BIDIRECTIONAL, AttentionSink.NONE, 0);
  }
}
