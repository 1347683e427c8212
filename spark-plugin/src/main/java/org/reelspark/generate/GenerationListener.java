package org.reelspark.generate;

import java.util.List;
import org.reelspark.attention.AttentionStatistics;

/** Sees a runner's progress as it happens. */
public interface GenerationListener {
  /** Sees nothing. */
  GenerationListener NONE = new GenerationListener() {};

  /** A video that the output does not hold is about to be made. */
  default void started(PlannedGeneration plan) {}

  /**
   * A sampler step begins. Steps before the first of a video come from a checkpoint.
   *
   * @param step from 0
   */
  default void stepStarted(int step, int steps) {}

  /** A request failed in a way that is worth another attempt. */
  default void retrying(GenerationError error, int attempt) {}

  /** The wait for the model is over. */
  default void waited(long millis) {}

  /**
   * The sampler has come to its end.
   *
   * @param layers statistics of each layer's self-attention, over the steps just taken
   */
  default void attended(List<AttentionStatistics> layers) {}

  /** A request is done, one way or another. */
  default void finished(GenerationResult result) {}
}
