package org.reelspark.model.text;

import java.util.Map;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;

/**
 * Sizes of a T5 encoder, from {@code text_encoder/config.json}.
 *
 * @param vocabulary rows of the embedding table
 * @param width of the states ({@code d_model})
 * @param headDimension ({@code d_kv}); heads times this need not be the width
 * @param feedForward inner width of the feed-forward layers ({@code d_ff})
 * @param buckets of relative positions, for both directions together
 * @param maxDistance from which all relative positions share the last bucket
 */
record T5Config(
    PositionBias positionBias,
    int vocabulary,
    int width,
    int heads,
    int headDimension,
    int feedForward,
    int layers,
    int buckets,
    int maxDistance,
    float epsilon) {

  /** Where the table of relative position biases lives. */
  enum PositionBias {
    /** UMT5: every layer has its own. */
    PER_LAYER,
    /** T5: all layers use the first one's. */
    FIRST_LAYER
  }

  private static final Map<String, PositionBias> MODEL_TYPES =
      Map.of("umt5", PositionBias.PER_LAYER, "t5", PositionBias.FIRST_LAYER);

  /**
   * @throws ReelsparkException MODEL_UNSUPPORTED for another encoder, CHECKPOINT_INVALID
   */
  static T5Config read(JsonConfig config) {
    PositionBias positionBias = MODEL_TYPES.get(config.text("model_type"));
    if (positionBias == null) {
      throw unsupported(config, "model_type", "umt5 and t5 are supported");
    }
    if (!config.text("feed_forward_proj").equals("gated-gelu")) {
      throw unsupported(config, "feed_forward_proj", "gated-gelu is supported");
    }
    T5Config sizes =
        new T5Config(
            positionBias,
            config.positiveInteger("vocab_size"),
            config.positiveInteger("d_model"),
            config.positiveInteger("num_heads"),
            config.positiveInteger("d_kv"),
            config.positiveInteger("d_ff"),
            config.positiveInteger("num_layers"),
            config.positiveInteger("relative_attention_num_buckets", 32),
            config.positiveInteger("relative_attention_max_distance", 128),
            (float) config.positiveNumber("layer_norm_epsilon", 1e-6));
    if (sizes.buckets() % 4 != 0) {
      throw config.invalid("relative_attention_num_buckets", "a multiple of 4");
    }
    if (sizes.maxDistance() <= sizes.buckets() / 4) {
      throw config.invalid("relative_attention_max_distance", "more than " + sizes.buckets() / 4);
    }
    return sizes;
  }

  /** Width of all heads together. */
  int attentionWidth() {
    return heads * headDimension;
  }

  private static ReelsparkException unsupported(JsonConfig config, String key, String supported) {
    return new ReelsparkException(
        ErrorCode.MODEL_UNSUPPORTED,
        "%s: text encoder with %s '%s'; %s"
            .formatted(config.file(), key, config.text(key), supported));
  }
}
