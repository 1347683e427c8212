package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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

  /** Of experts whose timesteps are over, and of the run that this one goes on with. */
  private int earlierCachedRuns;

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
    use(experts.at(timestep));
    run.velocity(latents, step, timestep, selfAttention, out);
  }

  /** Another expert starts with empty caches: it would add something else to the tokens. */
  private void use(WanTransformer due) {
    if (due != expert) {
      close();
      run = ExpertRun.start(due, request, prompt, negative, backend);
      expert = due;
    }
  }

  /** Runs of the model, over all steps, that ended after the first block. */
  int cachedRuns() {
    return earlierCachedRuns + (run == null ? 0 : run.cachedRuns());
  }

  /** What the steps to come need of those taken: nothing without a cache. */
  List<float[]> state() {
    if (!request.caches()) {
      return List.of();
    }
    List<float[]> state = new ArrayList<>(List.of(new float[] {cachedRuns()}));
    state.addAll(run.cacheState());
    return state;
  }

  /** Whether arrays are the {@link #state} of a run of this request. */
  boolean fits(List<float[]> state) {
    if (!request.caches()) {
      return state.isEmpty();
    }
    int branches = request.guidance().guidesAnyOf(request.steps()) ? 2 : 1;
    if (state.size() != 1 + 2 * branches || state.get(0).length != 1) {
      return false;
    }
    long tokens = request.geometry().grid().tokens();
    long dimension = experts.config().dimension();
    return IntStream.range(0, branches)
        .mapToObj(branch -> state.subList(1 + 2 * branch, 3 + 2 * branch))
        .allMatch(ofBranch -> FirstBlockCache.fits(ofBranch, tokens, dimension));
  }

  /**
   * Goes on where another run of the same request was left.
   *
   * @param state the other's, which {@link #fits}
   * @param timestep of the last step that it took
   */
  void resume(List<float[]> state, float timestep) {
    if (!state.isEmpty()) {
      use(experts.at(timestep));
      earlierCachedRuns = (int) state.get(0)[0];
      run.restoreCaches(state.subList(1, state.size()));
    }
  }

  @Override
  public void close() {
    if (run != null) {
      earlierCachedRuns += run.cachedRuns();
      run.close();
      run = null;
      expert = null;
    }
  }
}
