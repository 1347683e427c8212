package org.reelspark.model.wan;

import java.nio.FloatBuffer;
import java.util.List;
import org.reelspark.backend.Activation;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Tensor;

/**
 * What the timestep contributes to a forward: shifts, scales and gates. Computed once per step, for
 * all guidance branches. One timestep serves all tokens, or every token has its own.
 */
final class TimeConditioning {
  private static final double MAX_PERIOD = 10_000;

  private final WanTransformerConfig config;
  private final WanTransformerWeights weights;
  private final Backend backend;
  private final Tensor hostSinusoids;
  private final Tensor sinusoids;
  private final Tensor activated;
  private final Tensor embedding;
  private final Tensor headShift;
  private final Tensor headScale;
  private final BlockModulations modulations;

  /**
   * Shift, scale and gate of one residual branch.
   *
   * @param shift {@code [d]}, or {@code [tokens, d]} with a timestep per token; scale and gate
   *     alike
   */
  record Modulation(Tensor shift, Tensor scale, Tensor gate) {}

  /** The branches of one block that depend on time; valid until the next block's are taken. */
  record BlockModulation(Modulation selfAttention, Modulation feedForward) {}

  /**
   * @param timesteps 1, or the number of tokens
   */
  TimeConditioning(
      WanTransformerConfig config,
      WanTransformerWeights weights,
      int timesteps,
      RunMemory memory,
      Backend backend) {
    this.config = config;
    this.weights = weights;
    this.backend = backend;
    this.hostSinusoids = memory.allocateHost(timesteps, config.frequencyDimension());
    this.sinusoids = memory.allocate(timesteps, config.frequencyDimension());
    this.activated = vectors(timesteps, memory);
    this.embedding = vectors(timesteps, memory);
    this.headShift = vectors(timesteps, memory);
    this.headScale = vectors(timesteps, memory);
    this.modulations =
        timesteps == 1
            ? new SharedModulations(weights, memory, backend)
            : new TokenModulations(weights, timesteps, memory, backend);
  }

  /** Takes the timestep of all tokens, or one per token in token order. */
  void update(float... timesteps) {
    writeSinusoids(timesteps);
    backend.copy(hostSinusoids, sinusoids);
    backend.linear(sinusoids, weights.timeEmbedding1(), Activation.SILU, activated);
    backend.linear(activated, weights.timeEmbedding2(), Activation.NONE, embedding);
    backend.activate(embedding, Activation.SILU, activated);
    modulations.update(activated);
    addRow(0, headShift);
    addRow(1, headScale);
  }

  private void addRow(int row, Tensor out) {
    Tensor table = weights.headModulation();
    backend.addRow(embedding, table.slice(row, row + 1L).reshape(table.columns()), out);
  }

  BlockModulation block(int layer) {
    List<Tensor> vectors = modulations.block(layer);
    return new BlockModulation(
        new Modulation(vectors.get(0), vectors.get(1), vectors.get(2)),
        new Modulation(vectors.get(3), vectors.get(4), vectors.get(5)));
  }

  /** The last layer norm's shift and scale; it has no gate. */
  Modulation head() {
    return new Modulation(headShift, headScale, null);
  }

  /** {@code [cos(t f) | sin(t f)]} with frequencies f that fall from 1 to 1/10000. */
  private void writeSinusoids(float[] timesteps) {
    int half = config.frequencyDimension() / 2;
    FloatBuffer out = hostSinusoids.buffer().asFloatBuffer();
    for (int k = 0; k < half; k++) {
      float frequency = (float) StrictMath.exp((float) (-StrictMath.log(MAX_PERIOD) * k) / half);
      for (int i = 0; i < timesteps.length; i++) {
        float angle = timesteps[i] * frequency;
        out.put(2 * half * i + k, (float) StrictMath.cos(angle));
        out.put(2 * half * i + half + k, (float) StrictMath.sin(angle));
      }
    }
  }

  /** One vector for all tokens has rank 1, which backends broadcast. */
  private Tensor vectors(int timesteps, RunMemory memory) {
    long d = config.dimension();
    return timesteps == 1 ? memory.allocate(d) : memory.allocate(timesteps, d);
  }
}
