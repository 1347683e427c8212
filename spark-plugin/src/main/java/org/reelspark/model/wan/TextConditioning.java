package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * What a prompt contributes to every forward: keys and values of all cross-attention layers, which
 * depend on neither the latents nor the timestep.
 */
final class TextConditioning {
  private final List<KeyValue> layers = new ArrayList<>();

  /** Of one layer, {@code [1, text rows, heads, head dimension]}. */
  record KeyValue(Tensor key, Tensor value) {}

  /**
   * @param states all rows of an encoded prompt, padding included, {@code [rows, text dimension]}:
   *     the model is trained to attend to the padding too
   */
  TextConditioning(
      WanTransformerConfig config,
      WanTransformerWeights weights,
      Tensor states,
      RunMemory memory,
      Backend backend) {
    long rows = states.rows();
    long d = config.dimension();
    Shape shape = Shape.of(rows, d);
    try (Tensor hidden = backend.allocate(backend.activationType(), shape);
        Tensor context = backend.allocate(backend.activationType(), shape)) {
      backend.linear(states, weights.textEmbedding1(), Activation.GELU_TANH, hidden);
      backend.linear(hidden, weights.textEmbedding2(), Activation.NONE, context);
      for (WanTransformerWeights.Block block : weights.blocks()) {
        WanTransformerWeights.Attention attention = block.crossAttention();
        Tensor key = memory.allocateActivations(1, rows, config.heads(), config.headDimension());
        Tensor value = memory.allocateActivations(1, rows, config.heads(), config.headDimension());
        layers.add(new KeyValue(key, value));
        Tensor keyRows = key.reshape(rows, d);
        backend.linear(context, attention.key(), Activation.NONE, keyRows);
        backend.rmsNorm(keyRows, attention.keyNorm(), config.epsilon(), keyRows);
        backend.linear(context, attention.value(), Activation.NONE, value.reshape(rows, d));
      }
    }
  }

  KeyValue layer(int layer) {
    return layers.get(layer);
  }
}
