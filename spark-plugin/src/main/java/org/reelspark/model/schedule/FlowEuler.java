package org.reelspark.model.schedule;

import java.util.List;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Euler steps along the velocity, as {@code FlowMatchEulerDiscreteScheduler} of diffusers takes
 * them.
 *
 * @param shift above 0
 * @param trainTimesteps timesteps of training, usually 1000
 */
public record FlowEuler(double shift, int trainTimesteps) implements Scheduler {
  /**
   * {@inheritDoc}
   *
   * <p>The lowest sigma of training is shifted twice, because diffusers shifts the range first, in
   * 32 bits, and then every sigma of a run.
   */
  @Override
  public SigmaSchedule schedule(int steps) {
    Scheduler.checkSteps(steps);
    float unshifted = 1f / trainTimesteps;
    double lowest = (float) shift * unshifted / (1 + ((float) shift - 1) * unshifted);
    float[] sigmas = new float[steps + 1];
    float[] timesteps = new float[steps];
    for (int i = 0; i < steps; i++) {
      double fraction = steps == 1 ? 0 : (double) i / (steps - 1);
      sigmas[i] = (float) Scheduler.shifted(1 + fraction * (lowest - 1), shift);
      timesteps[i] = sigmas[i] * trainTimesteps;
    }
    return new SigmaSchedule(sigmas, timesteps);
  }

  @Override
  public Sampler sampler(SigmaSchedule schedule, Shape latents, Backend backend) {
    return new EulerSampler(schedule, backend);
  }

  private static final class EulerSampler implements Sampler {
    private final SigmaSchedule schedule;
    private final Backend backend;
    private int step;

    EulerSampler(SigmaSchedule schedule, Backend backend) {
      this.schedule = schedule;
      this.backend = backend;
    }

    @Override
    public void step(Tensor velocity, Tensor latents) {
      float interval = schedule.sigma(step + 1) - schedule.sigma(step);
      backend.combine(new float[] {1, interval}, List.of(latents, velocity), latents);
      step++;
    }

    @Override
    public int stateTensors(int stepsTaken) {
      return 0;
    }

    @Override
    public List<Tensor> state() {
      return List.of();
    }

    @Override
    public void resumeAfter(int stepsTaken) {
      step = stepsTaken;
    }

    @Override
    public void close() {}
  }
}
