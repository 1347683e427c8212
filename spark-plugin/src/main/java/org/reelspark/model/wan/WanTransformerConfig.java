package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;

/**
 * Sizes of a Wan transformer, from {@code transformer/config.json}.
 *
 * @param textDimension width of the text encoder's states
 * @param frequencyDimension width of the sinusoidal timestep embedding, even
 * @param feedForwardDimension hidden width of the feed-forward layers
 * @param crossAttentionNorm whether blocks normalise the tokens before cross-attention
 * @param maxPositions largest number of tokens along one axis of the grid
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

  /**
   * @throws ReelsparkException MODEL_UNSUPPORTED for models that need more than a text,
   *     CHECKPOINT_INVALID
   */
  static WanTransformerConfig read(JsonConfig config) {
    for (String key : List.of("image_dim", "added_kv_proj_dim", "pos_embed_seq_len")) {
      if (config.has(key)) {
        throw new ReelsparkException(
            ErrorCode.MODEL_UNSUPPORTED,
            "%s: key '%s' belongs to image-to-video models; use a text-to-video checkpoint"
                .formatted(config.file(), key));
      }
    }
    if (!config.text("qk_norm").equals("rms_norm_across_heads")) {
      throw config.invalid("qk_norm", "\"rms_norm_across_heads\"");
    }
    WanTransformerConfig sizes =
        new WanTransformerConfig(
            patch(config),
            config.positiveInteger("num_attention_heads"),
            config.positiveInteger("attention_head_dim"),
            config.positiveInteger("in_channels"),
            config.positiveInteger("out_channels"),
            config.positiveInteger("text_dim"),
            config.positiveInteger("freq_dim"),
            config.positiveInteger("ffn_dim"),
            config.positiveInteger("num_layers"),
            config.flag("cross_attn_norm"),
            (float) config.positiveNumber("eps", 1e-6),
            config.positiveInteger("rope_max_seq_len", 1024));
    if (sizes.headDimension % 2 != 0 || sizes.headDimension < 6) {
      throw config.invalid("attention_head_dim", "an even number of at least 6");
    }
    if (sizes.frequencyDimension % 2 != 0) {
      throw config.invalid("freq_dim", "an even number");
    }
    if (sizes.inChannels != sizes.outChannels) {
      throw config.invalid(
          "in_channels", "out_channels (%d), as text-to-video has".formatted(sizes.outChannels));
    }
    return sizes;
  }

  private static Patch patch(JsonConfig config) {
    List<Integer> sizes = config.integers("patch_size");
    if (sizes.size() != 3 || sizes.stream().anyMatch(size -> size < 1)) {
      throw config.invalid("patch_size", "three positive integers");
    }
    return new Patch(sizes.get(0), sizes.get(1), sizes.get(2));
  }

  /** Width of a token: all heads side by side. */
  int dimension() {
    return heads * headDimension;
  }

  /** Factor on query-key products. */
  float attentionScale() {
    return (float) (1 / Math.sqrt(headDimension));
  }
}
