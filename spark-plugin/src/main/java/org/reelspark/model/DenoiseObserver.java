package org.reelspark.model;

import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.Tensor;

/** Sees a sampler run from inside: progress, cancellation, tuning. */
public interface DenoiseObserver {
  /** Sees nothing. */
  DenoiseObserver NONE = new DenoiseObserver() {};

  /**
   * Called before each step; an exception ends the run and passes through to the caller.
   *
   * @param step from 0
   */
  default void beforeStep(int step, int steps) {}

  /**
   * Called after each self-attention with its inputs (RoPE applied, tokens in the profile's order)
   * and output, valid during the call only.
   *
   * @param timestep the model's timestep, in [0, 1000)
   */
  default void afterSelfAttention(
      int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {}
}
