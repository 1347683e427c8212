package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The tensors of diffusers' {@code WanTransformer3DModel}. Tokens keep a root mean square near 1
 * through all blocks: norms stand before every layer and what blocks add is gated to a tenth or so.
 */
final class TransformerTensors {
  /** Of shifts, scales and gates. */
  private static final double MODULATION = 0.1;

  /** A gain that makes up for what GELU and SiLU leave of unit values. */
  private static final double AFTER_ACTIVATION = 1.5;

  /** The frequencies' sines and cosines have a mean square of one half. */
  private static final double AFTER_SINES = Math.sqrt(2);

  /** Keeps the time embedding small, because it modulates the last norm itself. */
  private static final double TIME_EMBEDDING = 0.3;

  /** Cross-attention is added without a gate. */
  private static final double UNGATED = 0.3;

  private final TensorList list = new TensorList();
  private final int heads;
  private final int headDimension;
  private final int width;

  private TransformerTensors(JsonNode config) {
    heads = config.get("num_attention_heads").intValue();
    headDimension = config.get("attention_head_dim").intValue();
    width = heads * headDimension;
  }

  static List<TensorSpec> of(JsonNode config) {
    TransformerTensors tensors = new TransformerTensors(config);
    tensors.addAll(config);
    return tensors.list.tensors();
  }

  private void addAll(JsonNode config) {
    int channels = config.get("in_channels").intValue();
    JsonNode patch = config.get("patch_size");
    long[] kernel = {patch.get(0).longValue(), patch.get(1).longValue(), patch.get(2).longValue()};
    modulation("scale_shift_table", 2);
    list.layer("patch_embedding", 1, width, channels, kernel[0], kernel[1], kernel[2]);
    String time = "condition_embedder.time_embedder.";
    list.layer(time + "linear_1", AFTER_SINES, width, config.get("freq_dim").intValue());
    list.layer(time + "linear_2", TIME_EMBEDDING, width, width);
    list.layer("condition_embedder.time_proj", 1, 6L * width, width);
    String text = "condition_embedder.text_embedder.";
    list.layer(text + "linear_1", 1, width, config.get("text_dim").intValue());
    list.layer(text + "linear_2", AFTER_ACTIVATION, width, width);
    for (int i = 0; i < config.get("num_layers").intValue(); i++) {
      block("blocks." + i + ".", config);
    }
    list.layer("proj_out", 1, kernel[0] * kernel[1] * kernel[2] * channels, width);
  }

  private void block(String prefix, JsonNode config) {
    int inner = config.get("ffn_dim").intValue();
    modulation(prefix + "scale_shift_table", 6);
    selfAttention(prefix + "attn1.");
    crossAttention(prefix + "attn2.");
    if (config.get("cross_attn_norm").booleanValue()) {
      list.affineNorm(prefix + "norm2", width);
    }
    list.layer(prefix + "ffn.net.0.proj", 1, inner, width);
    list.layer(prefix + "ffn.net.2", AFTER_ACTIVATION, width, inner);
  }

  private void selfAttention(String prefix) {
    RotaryLocality locality = new RotaryLocality(heads, headDimension);
    list.layer(prefix + "to_q", 1, locality, width, width);
    list.layer(prefix + "to_k", 1, locality, width, width);
    list.layer(prefix + "to_v", 1, width, width);
    list.layer(prefix + "to_out.0", 1, width, width);
    norms(prefix);
  }

  private void crossAttention(String prefix) {
    list.layer(prefix + "to_q", 1, width, width);
    list.layer(prefix + "to_k", 1, width, width);
    list.layer(prefix + "to_v", 1, width, width);
    list.layer(prefix + "to_out.0", UNGATED, width, width);
    norms(prefix);
  }

  private void norms(String prefix) {
    list.norm(prefix + "norm_q.weight", width);
    list.norm(prefix + "norm_k.weight", width);
  }

  private void modulation(String name, int rows) {
    list.tensor(name, new Normal(0, MODULATION), 1, rows, width);
  }
}
