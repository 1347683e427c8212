package org.reelspark.model.wan;

import java.util.ArrayList;
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
  private final DenoiseRequest request;
  private final Backend backend;
  private final RunMemory memory;
  private final TokenWorkspace workspace;
  private final TimeConditioning time;

  /** One for the prompt and, where the request wants guidance, one for the negative prompt. */
  private final List<Branch> branches = new ArrayList<>();

  /** Null without guidance. */
  private final Tensor negativeVelocity;

  private record Branch(TextConditioning text, BlockCache cache) {}

  private ExpertRun(
      WanTransformer transformer,
      DenoiseRequest request,
      TextEmbedding prompt,
      TextEmbedding negative,
      RunMemory memory,
      Backend backend) {
    this.transformer = transformer;
    this.request = request;
    this.backend = backend;
    this.memory = memory;
    this.workspace =
        transformer.workspace(request.geometry().grid(), request.profile().order(), memory);
    this.time = transformer.time(1, memory);
    branches.add(branch(prompt));
    if (request.guidance().guidesAnyOf(request.steps())) {
      branches.add(branch(negative));
      this.negativeVelocity = memory.allocate(request.geometry().latentShape().toArray());
    } else {
      this.negativeVelocity = null;
    }
  }

  private Branch branch(TextEmbedding text) {
    return new Branch(
        transformer.text(text.states(), memory),
        transformer.cache(request.cacheThreshold(), workspace, memory));
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
    forward(latents, branches.get(0), selfAttention, out);
    if (request.guidance().guides(step, request.steps())) {
      forward(latents, branches.get(1), selfAttention, negativeVelocity);
      float scale = request.guidance().scale();
      backend.combine(new float[] {scale, 1 - scale}, List.of(out, negativeVelocity), out);
    }
  }

  private void forward(Tensor latents, Branch branch, SelfAttention selfAttention, Tensor out) {
    transformer.forward(
        latents, time, branch.text(), workspace, selfAttention, branch.cache(), out);
  }

  /** Runs of the model that ended after the first block. */
  int cachedRuns() {
    return branches.stream().mapToInt(branch -> branch.cache().reuses()).sum();
  }

  /** What the caches of all branches hold. */
  List<float[]> cacheState() {
    return branches.stream().flatMap(branch -> branch.cache().state().stream()).toList();
  }

  void restoreCaches(List<float[]> state) {
    int arrays = state.size() / branches.size();
    for (int i = 0; i < branches.size(); i++) {
      branches.get(i).cache().restore(state.subList(i * arrays, (i + 1) * arrays));
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
