package org.reelspark.model;

import org.reelspark.attention.AttentionStatistics;
import org.reelspark.tensor.Tensor;

/**
 * Latents and figures of all steps.
 *
 * @param statistics of self-attention
 * @param cachedRuns runs of the model that ended after its first block, see {@link
 *     DenoiseRequest#cacheThreshold}
 */
public record DenoiseResult(Tensor latents, AttentionStatistics statistics, int cachedRuns)
    implements AutoCloseable {
  @Override
  public void close() {
    latents.close();
  }
}
