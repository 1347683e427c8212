package org.reelspark.model;

import java.util.List;
import org.reelspark.attention.AttentionStatistics;

/**
 * A sampler run between two steps: all that the same model needs to go on with the same request and
 * end with the same bits, on any machine of the same kind.
 *
 * @param arithmetic of the backend, without which the bits would be neither run's
 * @param stepsDone at least 1
 * @param tensors the latents, then what the sampler remembers; the model knows their shapes
 * @param statistics of the steps done
 */
public record DenoiseState(
    String arithmetic, int stepsDone, List<float[]> tensors, AttentionStatistics statistics) {
  public DenoiseState {
    tensors = List.copyOf(tensors);
  }
}
