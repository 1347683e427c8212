package org.reelspark.model.schedule;

import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;

/**
 * UniPC, a multistep predictor and corrector (arXiv 2302.04867, variant B(h) = exp(h) - 1 on
 * predicted data), as {@code UniPCMultistepScheduler} of diffusers runs it on flow models.
 *
 * @param shift above 0
 * @param order of the predictor, 1 or 2
 * @param trainTimesteps timesteps of training, usually 1000
 */
public record UniPc(double shift, int order, SigmaGrid grid, int trainTimesteps)
    implements Scheduler {
  /** At sigma 1 the signal-to-noise ratio would be 0 and its logarithm infinite. */
  private static final double BELOW_PURE_NOISE = 1e-6;

  public UniPc {
    if (order < 1 || order > 2) {
      throw new IllegalArgumentException("order must be 1 or 2, found " + order);
    }
  }

  @Override
  public SigmaSchedule schedule(int steps) {
    Scheduler.checkSteps(steps);
    // Rounded as numpy.linspace rounds, because timesteps are truncated to integers.
    double lowest = 1.0 / trainTimesteps;
    double interval = (lowest - 1) / steps;
    float[] sigmas = new float[steps + 1];
    float[] timesteps = new float[steps];
    for (int i = 0; i < steps; i++) {
      double unshifted =
          switch (grid) {
            case FROM_ONE -> 1 + i * interval;
            case BELOW_ONE -> i == 0 ? 1 - lowest : 1 - (1 + (steps - i) * interval);
          };
      double sigma = Scheduler.shifted(unshifted, shift);
      if (Math.abs(sigma - 1) < BELOW_PURE_NOISE) {
        sigma -= BELOW_PURE_NOISE;
      }
      sigmas[i] = (float) sigma;
      timesteps[i] = (long) (sigma * trainTimesteps);
    }
    return new SigmaSchedule(sigmas, timesteps);
  }

  @Override
  public Sampler sampler(SigmaSchedule schedule, Shape latents, Backend backend) {
    return new UniPcSampler(schedule, order, latents, backend);
  }
}
