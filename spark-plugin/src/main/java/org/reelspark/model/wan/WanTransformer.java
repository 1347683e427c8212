package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.Grid;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.Activation;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.model.wan.TimeConditioning.BlockModulation;
import org.reelspark.model.wan.TimeConditioning.Modulation;
import org.reelspark.model.wan.WanTransformerWeights.Block;
import org.reelspark.tensor.Tensor;

/**
 * The diffusion transformer of Wan 2.1 and 2.2: predicts the velocity of noisy video latents from
 * the timestep and a text (diffusers {@code transformer_wan.py}).
 *
 * <p>Tokens keep the order of the workspace from {@link Backend#patchify} to {@link
 * Backend#unpatchify}: every layer but self-attention treats tokens one by one, and self-attention
 * knows their places from the rotary table.
 */
final class WanTransformer implements AutoCloseable {
  private final WanTransformerConfig config;
  private final BackendWeights loaded;
  private final WanTransformerWeights weights;
  private final Backend backend;
  private final AttentionParameters crossAttention;

  private WanTransformer(
      WanTransformerConfig config,
      BackendWeights loaded,
      WanTransformerWeights weights,
      Backend backend) {
    this.config = config;
    this.loaded = loaded;
    this.weights = weights;
    this.backend = backend;
    this.crossAttention = AttentionParameters.dense(config.heads(), config.attentionScale());
  }

  /**
   * Loads a component such as {@code transformer} or {@code transformer_2}.
   *
   * @throws org.reelspark.error.ReelsparkException MODEL_UNSUPPORTED, CHECKPOINT_INVALID
   */
  static WanTransformer load(Checkpoint checkpoint, String component, Backend backend) {
    return load(checkpoint.config(component), checkpoint.weights(component), backend);
  }

  static WanTransformer load(JsonConfig file, Weights files, Backend backend) {
    WanTransformerConfig config = WanTransformerConfig.read(file);
    BackendWeights loaded = new BackendWeights(files, backend);
    try {
      WanTransformerWeights weights = WanTransformerWeights.load(config, loaded);
      files.rejectUnused();
      return new WanTransformer(config, loaded, weights, backend);
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  WanTransformerConfig config() {
    return config;
  }

  /** What depends on the grid alone. */
  TokenWorkspace workspace(Grid grid, TokenOrder order, RunMemory run) {
    return TokenWorkspace.allocate(config, grid, order, run);
  }

  /** Work that a prompt needs once. */
  TextConditioning text(Tensor states, RunMemory run) {
    return new TextConditioning(config, weights, states, run, backend);
  }

  /**
   * Work that a step needs once.
   *
   * @param timesteps 1, or the number of tokens
   */
  TimeConditioning time(int timesteps, RunMemory run) {
    return new TimeConditioning(config, weights, timesteps, run, backend);
  }

  /**
   * What one branch of guidance remembers from step to step.
   *
   * @param threshold 0 for nothing
   */
  BlockCache cache(float threshold, TokenWorkspace workspace, RunMemory run) {
    Tensor tokens = workspace.tokens();
    return threshold > 0
        ? new FirstBlockCache(threshold, tokens.rows(), tokens.columns(), run, backend)
        : BlockCache.NONE;
  }

  /**
   * One evaluation.
   *
   * @param latents {@code [C, F, H, W]}
   * @param velocity out, {@code [C, F, H, W]}
   */
  void forward(
      Tensor latents,
      TimeConditioning time,
      TextConditioning text,
      TokenWorkspace workspace,
      SelfAttention selfAttention,
      BlockCache cache,
      Tensor velocity) {
    int[] patch = config.patch().sizes();
    Tensor tokens = workspace.tokens();
    backend.patchify(latents, patch, workspace.order(), workspace.patches());
    backend.linear(workspace.patches(), weights.patchEmbedding(), Activation.NONE, tokens);

    cache.beforeFirstBlock(tokens);
    addBlock(0, time, text, workspace, selfAttention);
    if (!cache.addsRest(tokens)) {
      for (int layer = 1; layer < config.layers(); layer++) {
        addBlock(layer, time, text, workspace, selfAttention);
      }
      cache.afterLastBlock(tokens);
    }

    Modulation head = time.head();
    Tensor result = workspace.result();
    backend.layerNormModulate(tokens, head.shift(), head.scale(), config.epsilon(), result);
    backend.linear(result, weights.head(), Activation.NONE, workspace.patches());
    backend.unpatchify(workspace.patches(), patch, workspace.order(), velocity);
  }

  private void addBlock(
      int layer,
      TimeConditioning time,
      TextConditioning text,
      TokenWorkspace workspace,
      SelfAttention selfAttention) {
    Block block = weights.blocks().get(layer);
    BlockModulation modulation = time.block(layer);
    addSelfAttention(layer, block, modulation.selfAttention(), workspace, selfAttention);
    addCrossAttention(block, text.layer(layer), workspace);
    addFeedForward(block, modulation.feedForward(), workspace);
  }

  private void addSelfAttention(
      int layer,
      Block block,
      Modulation modulation,
      TokenWorkspace workspace,
      SelfAttention selfAttention) {
    WanTransformerWeights.Attention attention = block.selfAttention();
    Tensor x = workspace.tokens();
    Tensor n = workspace.branch();
    Tensor q = workspace.query();
    Tensor k = workspace.key();
    Tensor v = workspace.value();
    float epsilon = config.epsilon();

    backend.layerNormModulate(x, modulation.shift(), modulation.scale(), epsilon, n);
    backend.linear(
        n, List.of(attention.query(), attention.key(), attention.value()), List.of(q, k, v));
    backend.rmsNormRotary(q, attention.queryNorm(), epsilon, workspace.positions(), q);
    backend.rmsNormRotary(k, attention.keyNorm(), epsilon, workspace.positions(), k);
    AttentionInputs inputs =
        new AttentionInputs(heads(q), heads(k), heads(v), AttentionLayout.TOKEN_MAJOR);
    selfAttention.attend(layer, inputs, heads(n));
    backend.linearAdd(n, attention.out(), modulation.gate(), x);
  }

  private void addCrossAttention(
      Block block, TextConditioning.KeyValue text, TokenWorkspace workspace) {
    WanTransformerWeights.Attention attention = block.crossAttention();
    Tensor x = workspace.tokens();
    Tensor n = workspace.branch();
    Tensor q = workspace.query();
    float epsilon = config.epsilon();

    Tensor source = x;
    if (block.crossNorm() != null) {
      backend.layerNorm(x, block.crossNorm().weight(), block.crossNorm().bias(), epsilon, n);
      source = n;
    }
    backend.linear(source, attention.query(), Activation.NONE, q);
    backend.rmsNorm(q, attention.queryNorm(), epsilon, q);
    AttentionInputs inputs =
        new AttentionInputs(heads(q), text.key(), text.value(), AttentionLayout.TOKEN_MAJOR);
    backend.attention(inputs, crossAttention, heads(n));
    backend.linearAdd(n, attention.out(), null, x);
  }

  private void addFeedForward(Block block, Modulation modulation, TokenWorkspace workspace) {
    Tensor x = workspace.tokens();
    Tensor n = workspace.branch();
    Tensor hidden = workspace.hidden();

    backend.layerNormModulate(x, modulation.shift(), modulation.scale(), config.epsilon(), n);
    backend.linear(n, block.feedForward1(), Activation.GELU_TANH, hidden);
    backend.linearAdd(hidden, block.feedForward2(), modulation.gate(), x);
  }

  /** {@code [S, d]} as {@code [1, S, heads, head dimension]}. */
  private Tensor heads(Tensor rows) {
    return rows.reshape(1, rows.rows(), config.heads(), config.headDimension());
  }

  @Override
  public void close() {
    loaded.close();
  }
}
