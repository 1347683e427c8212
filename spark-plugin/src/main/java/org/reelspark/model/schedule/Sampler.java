package org.reelspark.model.schedule;

import java.util.List;
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

  /** How many tensors {@link #state} has after so many steps. */
  int stateTensors(int stepsTaken);

  /**
   * What the steps to come need of those taken, besides the latents: F32 tensors of the latents'
   * shape, valid until the next step.
   */
  List<Tensor> state();

  /**
   * Goes on where another run of the same schedule was left. The caller then fills {@link #state}
   * with the other's values.
   *
   * @param stepsTaken by the other, at least 1
   */
  void resumeAfter(int stepsTaken);

  @Override
  void close();
}
