package org.reelspark.model;

import java.util.List;
import java.util.function.Supplier;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.tensor.Tensor;

/** Sees a sampler run from inside: progress, cancellation, checkpoints, tuning. */
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
   * Called after each step.
   *
   * @param stepsDone from 1
   * @param state copies what the run has come to; valid during the call only
   */
  default void afterStep(int stepsDone, int steps, Supplier<DenoiseState> state) {}

  /**
   * Called at the end of a run that came to its end.
   *
   * @param layers statistics of each layer's self-attention, over the steps that this run took
   */
  default void afterRun(List<AttentionStatistics> layers) {}

  /**
   * Called after each self-attention with its inputs (RoPE applied, tokens in the profile's order)
   * and output, valid during the call only.
   *
   * @param timestep the model's timestep, in [0, 1000)
   */
  default void afterSelfAttention(
      int layer, int step, float timestep, AttentionInputs inputs, Tensor output) {}
}
