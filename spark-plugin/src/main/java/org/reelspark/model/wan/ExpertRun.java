package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.TextEmbedding;
import org.reelspark.tensor.Tensor;

/**
 * One transformer prepared for one request. It predicts velocities, with guidance where the request
 * wants it.
 */
final class ExpertRun implements AutoCloseable {
  private final WanTransformer transformer;
  private final Backend backend;
  private final RunMemory memory;
  private final DenoiseRequest request;
  private final TokenWorkspace workspace;
  private final TimeConditioning time;
  private final TextConditioning prompt;

  /** Null without guidance, and so is the velocity that it gives. */
  private final TextConditioning negative;

  private final Tensor negativeVelocity;

  private ExpertRun(
      WanTransformer transformer,
      DenoiseRequest request,
      TextEmbedding prompt,
      TextEmbedding negative,
      RunMemory memory,
      Backend backend) {
    this.transformer = transformer;
    this.backend = backend;
    this.memory = memory;
    this.request = request;
    this.workspace =
        transformer.workspace(request.geometry().grid(), request.profile().order(), memory);
    this.time = transformer.time(1, memory);
    this.prompt = transformer.text(prompt.states(), memory);
    if (request.guidance().guidesAnyOf(request.steps())) {
      this.negative = transformer.text(negative.states(), memory);
      this.negativeVelocity = memory.allocate(request.geometry().latentShape().toArray());
    } else {
      this.negative = null;
      this.negativeVelocity = null;
    }
  }

  /**
   * @param negative unused, and may be null, when guidance is off in all steps
   */
  static ExpertRun start(
      WanTransformer transformer,
      DenoiseRequest request,
      TextEmbedding prompt,
      TextEmbedding negative,
      Backend backend) {
    RunMemory memory = new RunMemory(backend);
    try {
      return new ExpertRun(transformer, request, prompt, negative, memory, backend);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  void velocity(Tensor latents, int step, float timestep, SelfAttention selfAttention, Tensor out) {
    time.update(timestep);
    transformer.forward(latents, time, prompt, workspace, selfAttention, out);
    if (request.guidance().guides(step, request.steps())) {
      transformer.forward(latents, time, negative, workspace, selfAttention, negativeVelocity);
      float scale = request.guidance().scale();
      backend.combine(new float[] {scale, 1 - scale}, List.of(out, negativeVelocity), out);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
