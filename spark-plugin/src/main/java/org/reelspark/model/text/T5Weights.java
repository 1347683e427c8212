package org.reelspark.model.text;

import java.util.List;
import java.util.stream.IntStream;
import org.reelspark.backend.Linear;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.Tensor;

/**
 * Weights of a T5 encoder on a backend, named as transformers names them. The embedding table stays
 * in the file: a prompt needs a few rows of it.
 *
 * @param embedding name of the table {@code [vocabulary, width]} in the file
 */
record T5Weights(String embedding, List<Layer> layers, Tensor finalNorm) {
  /** One layer. */
  record Layer(
      Tensor attentionNorm,
      Linear query,
      Linear key,
      Linear value,
      Linear output,
      RelativePositionBias positionBias,
      Tensor feedForwardNorm,
      Linear gate,
      Linear up,
      Linear down) {}

  static T5Weights load(T5Config config, BackendWeights weights) {
    T5Weights loaded =
        new T5Weights(
            embedding(config, weights.files()),
            IntStream.range(0, config.layers()).mapToObj(i -> layer(config, weights, i)).toList(),
            weights.tensor("encoder.final_layer_norm.weight", config.width()));
    weights.files().rejectUnused("shared.", "encoder.embed_tokens.", "decoder.", "lm_head.");
    return loaded;
  }

  private static String embedding(T5Config config, Weights files) {
    String shared = "shared.weight";
    String name = files.contains(shared) ? shared : "encoder.embed_tokens.weight";
    files.requireShape(name, config.vocabulary(), config.width());
    return name;
  }

  private static Layer layer(T5Config config, BackendWeights weights, int index) {
    String attention = "encoder.block." + index + ".layer.0.";
    String feedForward = "encoder.block." + index + ".layer.1.";
    String projection = attention + "SelfAttention.";
    String dense = feedForward + "DenseReluDense.";
    int width = config.width();
    int inner = config.attentionWidth();
    return new Layer(
        weights.tensor(attention + "layer_norm.weight", width),
        weights.linearWithoutBias(projection + "q", inner, width),
        weights.linearWithoutBias(projection + "k", inner, width),
        weights.linearWithoutBias(projection + "v", inner, width),
        weights.linearWithoutBias(projection + "o", width, inner),
        positionBias(config, weights.files(), index),
        weights.tensor(feedForward + "layer_norm.weight", width),
        weights.linearWithoutBias(dense + "wi_0", config.feedForward(), width),
        weights.linearWithoutBias(dense + "wi_1", config.feedForward(), width),
        weights.linearWithoutBias(dense + "wo", width, config.feedForward()));
  }

  private static RelativePositionBias positionBias(T5Config config, Weights files, int layer) {
    int owner =
        switch (config.positionBias()) {
          case PER_LAYER -> layer;
          case FIRST_LAYER -> 0;
        };
    String name =
        "encoder.block." + owner + ".layer.0.SelfAttention.relative_attention_bias.weight";
    try (Tensor table = files.load(name, config.buckets(), config.heads())) {
      return new RelativePositionBias(config.maxDistance(), config.heads(), table.toFloats());
    }
  }
}
