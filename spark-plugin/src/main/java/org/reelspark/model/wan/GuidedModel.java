package org.reelspark.model.wan;

import org.reelspark.backend.Backend;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.TextEmbedding;
import org.reelspark.tensor.Tensor;

/** The experts at work on one request; only the one whose timesteps have come holds memory. */
final class GuidedModel implements AutoCloseable {
  private final WanExperts experts;
  private final DenoiseRequest request;
  private final TextEmbedding prompt;
  private final TextEmbedding negative;
  private final Backend backend;
  private WanTransformer expert;
  private ExpertRun run;

  /**
   * @param negative unused, and may be null, when guidance is off in all steps
   */
  GuidedModel(
      WanExperts experts,
      DenoiseRequest request,
      TextEmbedding prompt,
      TextEmbedding negative,
      Backend backend) {
    this.experts = experts;
    this.request = request;
    this.prompt = prompt;
    this.negative = negative;
    this.backend = backend;
  }

  void velocity(Tensor latents, int step, float timestep, SelfAttention selfAttention, Tensor out) {
    WanTransformer due = experts.at(timestep);
    if (due != expert) {
      close();
      run = ExpertRun.start(due, request, prompt, negative, backend);
      expert = due;
    }
    run.velocity(latents, step, timestep, selfAttention, out);
  }

  @Override
  public void close() {
    if (run != null) {
      run.close();
      run = null;
      expert = null;
    }
  }
}
