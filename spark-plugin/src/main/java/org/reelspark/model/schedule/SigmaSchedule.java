package org.reelspark.model.schedule;

import java.util.Arrays;

/**
 * The noise levels that a sampler visits. Step i goes from {@code sigma(i)} to {@code sigma(i +
 * 1)}; the last sigma is 0. Immutable.
 */
public final class SigmaSchedule {
  private final float[] sigmas;
  private final float[] timesteps;

  /**
   * @param sigmas descending, one more than there are steps, the last one 0
   * @param timesteps what the model is told at each step, in [0, 1000]
   */
  SigmaSchedule(float[] sigmas, float[] timesteps) {
    if (sigmas.length != timesteps.length + 1) {
      throw new IllegalArgumentException(
          "%d sigmas for %d timesteps".formatted(sigmas.length, timesteps.length));
    }
    this.sigmas = sigmas.clone();
    this.timesteps = timesteps.clone();
  }

  public int steps() {
    return timesteps.length;
  }

  /** Noise level in [0, 1]; index from 0 to {@link #steps()}. */
  public float sigma(int index) {
    return sigmas[index];
  }

  /** The model's timestep of a step. */
  public float timestep(int step) {
    return timesteps[step];
  }

  @Override
  public String toString() {
    return "sigmas " + Arrays.toString(sigmas) + ", timesteps " + Arrays.toString(timesteps);
  }
}
