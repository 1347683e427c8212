package org.reelspark.model;

import org.reelspark.attention.AttentionStatistics;
import org.reelspark.tensor.Tensor;

/** Latents and the self-attention statistics of all steps. */
public record DenoiseResult(Tensor latents, AttentionStatistics statistics)
    implements AutoCloseable {
  @Override
  public void close() {
    latents.close();
  }
}
