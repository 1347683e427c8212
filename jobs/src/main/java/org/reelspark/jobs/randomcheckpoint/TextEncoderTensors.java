package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The tensors of transformers' {@code UMT5EncoderModel}, as it saves them: the embedding once, as
 * {@code shared.weight}. Values are those that T5 starts its training with, but for a wider
 * position bias.
 */
final class TextEncoderTensors {
  private static final double POSITION_BIAS = 0.5;

  private TextEncoderTensors() {}

  static List<TensorSpec> of(JsonNode config) {
    int width = config.get("d_model").intValue();
    TensorList list = new TensorList();
    list.tensor("shared.weight", new Normal(0, 1), config.get("vocab_size").longValue(), width);
    for (int i = 0; i < config.get("num_layers").intValue(); i++) {
      attention(list, "encoder.block." + i + ".layer.0.", config);
      feedForward(list, "encoder.block." + i + ".layer.1.", config);
    }
    list.norm("encoder.final_layer_norm.weight", width);
    return list.tensors();
  }

  private static void attention(TensorList list, String prefix, JsonNode config) {
    int width = config.get("d_model").intValue();
    int heads = config.get("num_heads").intValue();
    int headDimension = config.get("d_kv").intValue();
    int inner = heads * headDimension;
    String attention = prefix + "SelfAttention.";
    // T5 does not scale the products of queries and keys, so the queries' weights do.
    list.weight(attention + "q", 1 / Math.sqrt(headDimension), inner, width);
    list.weight(attention + "k", 1, inner, width);
    list.weight(attention + "v", 1, inner, width);
    list.weight(attention + "o", 1, width, inner);
    list.tensor(
        attention + "relative_attention_bias.weight",
        new Normal(0, POSITION_BIAS),
        config.get("relative_attention_num_buckets").longValue(),
        heads);
    list.norm(prefix + "layer_norm.weight", width);
  }

  private static void feedForward(TensorList list, String prefix, JsonNode config) {
    int width = config.get("d_model").intValue();
    int inner = config.get("d_ff").intValue();
    String dense = prefix + "DenseReluDense.";
    list.weight(dense + "wi_0", 1, inner, width);
    list.weight(dense + "wi_1", 1, inner, width);
    list.weight(dense + "wo", 1, width, inner);
    list.norm(prefix + "layer_norm.weight", width);
  }
}
