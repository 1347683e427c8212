package org.reelspark.model.wan;

import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.TextEmbedding;
import org.reelspark.tensor.Tensor;

/**
 * One transformer prepared for one request. It predicts velocities with classifier-free guidance:
 * {@code v = u + scale * (c - u)} from the prompt's c and the negative prompt's u, or c alone when
 * the scale is at most 1.
 */
final class ExpertRun implements AutoCloseable {
  private final WanTransformer transformer;
  private final Backend backend;
  private final RunMemory memory;
  private final float guidanceScale;
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
    this.guidanceScale = request.guidanceScale();
    this.workspace =
        transformer.workspace(request.geometry().grid(), request.profile().order(), memory);
    this.time = transformer.time(1, memory);
    this.prompt = transformer.text(prompt.states(), memory);
    if (guidanceScale > 1) {
      this.negative = transformer.text(negative.states(), memory);
      this.negativeVelocity = memory.allocate(request.geometry().latentShape().toArray());
    } else {
      this.negative = null;
      this.negativeVelocity = null;
    }
  }

  /**
   * @param negative unused, and may be null, when the request's guidance scale is at most 1
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

  void velocity(Tensor latents, float timestep, SelfAttention selfAttention, Tensor out) {
    time.update(timestep);
    transformer.forward(latents, time, prompt, workspace, selfAttention, out);
    if (negative != null) {
      transformer.forward(latents, time, negative, workspace, selfAttention, negativeVelocity);
      backend.combine(
          new float[] {guidanceScale, 1 - guidanceScale}, List.of(out, negativeVelocity), out);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
