package org.reelspark.model.wan;

import java.util.Optional;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.schedule.GaussianNoise;
import org.reelspark.model.schedule.Sampler;
import org.reelspark.model.schedule.Scheduler;
import org.reelspark.model.schedule.SigmaSchedule;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The sampler loop: from noise to latents {@code [C, F, H, W]}. */
final class WanDenoiser {
  private final WanExperts experts;
  private final Scheduler scheduler;
  private final Backend backend;

  WanDenoiser(WanExperts experts, Scheduler scheduler, Backend backend) {
    this.experts = experts;
    this.scheduler = scheduler;
    this.backend = backend;
  }

  /** Noise to start from: element i depends on the seed and i alone. */
  Tensor noise(VideoGeometry geometry, long seed) {
    Shape shape = geometry.latentShape();
    Tensor noise = backend.allocate(DType.F32, shape);
    try (Tensor host = Tensor.allocateHost(DType.F32, shape)) {
      GaussianNoise.fill(host.buffer().asFloatBuffer(), seed, GaussianNoise.INITIAL_LATENTS);
      backend.copy(host, noise);
    }
    return noise;
  }

  /**
   * Runs all steps that are left.
   *
   * @param start where an earlier run of the same request was left
   * @param negative unused, and may be null, when guidance is off in all steps
   * @param latents in: noise, which {@code start} replaces; out: the result, which shares this
   *     tensor. It is closed when the run fails.
   * @throws ReelsparkException LATENTS_NOT_FINITE, PROFILE_INVALID, or what the observer throws
   */
  DenoiseResult run(
      DenoiseRequest request,
      Optional<DenoiseState> start,
      TextEmbedding prompt,
      TextEmbedding negative,
      Tensor latents,
      DenoiseObserver observer) {
    try {
      return denoise(request, start, prompt, negative, latents, observer);
    } catch (RuntimeException | Error e) {
      latents.close();
      throw e;
    }
  }

  private DenoiseResult denoise(
      DenoiseRequest request,
      Optional<DenoiseState> found,
      TextEmbedding prompt,
      TextEmbedding negative,
      Tensor latents,
      DenoiseObserver observer) {
    SigmaSchedule schedule = scheduler.schedule(request.steps());
    try (GuidedModel model = new GuidedModel(experts, request, prompt, negative, backend);
        Sampler sampler = scheduler.sampler(schedule, latents.shape(), backend);
        Tensor velocity = backend.allocate(DType.F32, latents.shape())) {
      ProfiledSelfAttention selfAttention =
          new ProfiledSelfAttention(request.profile(), experts.config(), observer, backend);
      Optional<DenoiseState> start =
          found.filter(
              state ->
                  SamplerStates.fits(state, schedule.steps(), latents, sampler, model, backend));
      start.ifPresent(
          state ->
              model.resume(
                  SamplerStates.restore(state, latents, sampler, backend),
                  schedule.timestep(state.stepsDone() - 1)));
      AttentionStatistics earlier =
          start.map(DenoiseState::statistics).orElse(AttentionStatistics.NONE);
      int firstStep = start.map(DenoiseState::stepsDone).orElse(0);
      for (int step = firstStep; step < schedule.steps(); step++) {
        observer.beforeStep(step, schedule.steps());
        float timestep = schedule.timestep(step);
        selfAttention.startStep(step, timestep);
        model.velocity(latents, step, timestep, selfAttention, velocity);
        sampler.step(velocity, latents);
        checkFinite(latents, step, request);
        int stepsDone = step + 1;
        observer.afterStep(
            stepsDone,
            schedule.steps(),
            () ->
                SamplerStates.capture(
                    stepsDone,
                    latents,
                    sampler,
                    model.state(),
                    selfAttention.statisticsAfter(earlier),
                    backend));
      }
      observer.afterRun(selfAttention.statisticsByLayer());
      return new DenoiseResult(latents, selfAttention.statisticsAfter(earlier), model.cachedRuns());
    }
  }

  private void checkFinite(Tensor latents, int step, DenoiseRequest request) {
    if (!backend.isFinite(latents)) {
      throw new ReelsparkException(
          ErrorCode.LATENTS_NOT_FINITE,
          "the latents became infinite or NaN in step %d of %d with guidance scale %s and seed %d; use a smaller guidance scale or another seed, and if every prompt fails, fetch the checkpoint again"
              .formatted(step + 1, request.steps(), request.guidance().scale(), request.seed()));
    }
  }
}
