package org.reelspark.generate;

/**
 * A video that exists.
 *
 * @param content where it is
 * @param tokens of self-attention
 * @param sparsity fraction of self-attention's matrix products that were skipped, in [0, 1]
 */
public record FinishedVideo(
    VideoContent content, int tokens, double sparsity, StageTimings timings) {}
