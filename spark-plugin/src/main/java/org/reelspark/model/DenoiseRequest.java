package org.reelspark.model;

import org.reelspark.attention.AttentionProfile;

/**
 * Settings of one sampler run, all resolved.
 *
 * @param seed key of the initial noise
 * @param profile token order and attention parameters per layer and timestep
 * @param cacheThreshold relative change of what a model's first block adds, up to which the other
 *     blocks do not compute and what they last added is added again; 0 for never
 */
public record DenoiseRequest(
    VideoGeometry geometry,
    int steps,
    Guidance guidance,
    long seed,
    AttentionProfile profile,
    float cacheThreshold) {
  /** All blocks always compute. */
  public DenoiseRequest(
      VideoGeometry geometry, int steps, Guidance guidance, long seed, AttentionProfile profile) {
    this(geometry, steps, guidance, seed, profile, 0);
  }

  public boolean caches() {
    return cacheThreshold > 0;
  }
}
