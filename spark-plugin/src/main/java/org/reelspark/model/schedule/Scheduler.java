package org.reelspark.model.schedule;

import org.reelspark.backend.Backend;
import org.reelspark.tensor.Shape;

/**
 * A sampler of flow-matching models: the data x0 and the noise e are mixed as {@code x = (1 -
 * sigma) x0 + sigma e}, and the model predicts the velocity {@code v = e - x0}.
 */
public sealed interface Scheduler permits UniPc, FlowEuler {
  /**
   * Noise levels and timesteps.
   *
   * @param steps at least 1
   */
  SigmaSchedule schedule(int steps);

  /** A run over latents of the given shape, which holds its memory until it is closed. */
  Sampler sampler(SigmaSchedule schedule, Shape latents, Backend backend);

  /** {@code shift * s / (1 + (shift - 1) * s)}: spends more steps at high noise. */
  static double shifted(double s, double shift) {
    return shift * s / (1 + (shift - 1) * s);
  }

  static void checkSteps(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1, found " + steps);
    }
  }
}
