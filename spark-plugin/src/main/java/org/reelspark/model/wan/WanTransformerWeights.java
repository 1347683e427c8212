package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Linear;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/**
 * Weights of a Wan transformer, owned by the {@link BackendWeights} that they were loaded through;
 * d is the token width.
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
   * Projections of one attention, and the RMS norms {@code [d]} of its queries and keys, which
   * reach across all heads.
   */
  record Attention(
      Linear query, Linear key, Linear value, Linear out, Tensor queryNorm, Tensor keyNorm) {}

  /** Affine layer norm. */
  record LayerNorm(Tensor weight, Tensor bias) {}

  /**
   * Loads by the tensor names of diffusers, whose norm2 is the norm before cross-attention. The
   * timestep's layers are as exact as its sinusoids, and small: F32, as in diffusers. So are those
   * from latents to tokens and back: they are next to no work, and their rounding to bf16 would
   * make a quarter of a velocity's squared error.
   */
  static WanTransformerWeights load(WanTransformerConfig config, BackendWeights weights) {
    int d = config.dimension();
    String condition = "condition_embedder.";
    String time = condition + "time_embedder.";
    String text = condition + "text_embedder.";
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(block(config, weights, "blocks." + i + "."));
    }
    return new WanTransformerWeights(
        patchEmbedding(config, weights),
        weights.linear(time + "linear_1", DType.F32, DType.F32, d, config.frequencyDimension()),
        weights.linear(time + "linear_2", DType.F32, DType.F32, d, d),
        weights.linear(condition + "time_proj", DType.F32, DType.F32, 6L * d, d),
        weights.linear(text + "linear_1", d, config.textDimension()),
        weights.linear(text + "linear_2", d, d),
        List.copyOf(blocks),
        weights.tensor("scale_shift_table", 1, 2, d).reshape(2, d),
        weights.linear(
            "proj_out",
            DType.F32,
            DType.F32,
            (long) config.patch().volume() * config.outChannels(),
            d));
  }

  private static Linear patchEmbedding(WanTransformerConfig config, BackendWeights weights) {
    int d = config.dimension();
    Patch patch = config.patch();
    long channels = config.inChannels();
    // A convolution whose stride is its kernel is a matrix product over whole patches.
    Tensor kernel =
        weights.tensor(
            "patch_embedding.weight", d, channels, patch.frames(), patch.height(), patch.width());
    return new Linear(
        kernel.reshape(d, channels * patch.volume()), weights.tensor("patch_embedding.bias", d));
  }

  private static Block block(WanTransformerConfig config, BackendWeights weights, String prefix) {
    int d = config.dimension();
    LayerNorm crossNorm = null;
    if (config.crossAttentionNorm()) {
      crossNorm =
          new LayerNorm(
              weights.tensor(prefix + "norm2.weight", d), weights.tensor(prefix + "norm2.bias", d));
    }
    return new Block(
        weights.tensor(prefix + "scale_shift_table", 1, 6, d).reshape(6, d),
        selfAttention(d, weights, prefix + "attn1."),
        crossNorm,
        crossAttention(d, weights, prefix + "attn2."),
        weights.largeLinear(
            prefix + "ffn.net.0.proj", weights.activationType(), config.feedForwardDimension(), d),
        weights.largeLinear(
            prefix + "ffn.net.2", weights.activationType(), d, config.feedForwardDimension()));
  }

  private static Attention selfAttention(int d, BackendWeights weights, String prefix) {
    DType type = weights.activationType();
    return new Attention(
        weights.largeLinear(prefix + "to_q", type, d, d),
        weights.largeLinear(prefix + "to_k", type, d, d),
        weights.largeLinear(prefix + "to_v", type, d, d),
        weights.largeLinear(prefix + "to_out.0", type, d, d),
        weights.tensor(prefix + "norm_q.weight", d),
        weights.tensor(prefix + "norm_k.weight", d));
  }

  /**
   * Only the rows of a text pass the layers of keys and values, once for each prompt. What the last
   * layer writes is added to the residual stream without a gate.
   */
  private static Attention crossAttention(int d, BackendWeights weights, String prefix) {
    return new Attention(
        weights.largeLinear(prefix + "to_q", weights.activationType(), d, d),
        weights.linear(prefix + "to_k", d, d),
        weights.linear(prefix + "to_v", d, d),
        weights.largeLinear(prefix + "to_out.0", DType.F32, d, d),
        weights.tensor(prefix + "norm_q.weight", d),
        weights.tensor(prefix + "norm_k.weight", d));
  }
}
