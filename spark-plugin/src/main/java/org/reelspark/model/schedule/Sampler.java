package org.reelspark.model.schedule;

import org.reelspark.tensor.Tensor;

/** One run of a scheduler, from noise to latents. */
public interface Sampler extends AutoCloseable {
  /**
   * Takes the next step; steps follow each other from 0.
   *
   * @param velocity the model's prediction for latents
   * @param latents in: at the step's sigma; out: at the next one
   */
  void step(Tensor velocity, Tensor latents);

  @Override
  void close();
}
