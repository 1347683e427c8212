package org.reelspark.model;

import org.reelspark.attention.AttentionProfile;

/**
 * Settings of one sampler run, all resolved.
 *
 * @param seed key of the initial noise
 * @param profile token order and attention parameters per layer and timestep
 */
public record DenoiseRequest(
    VideoGeometry geometry, int steps, Guidance guidance, long seed, AttentionProfile profile) {}
