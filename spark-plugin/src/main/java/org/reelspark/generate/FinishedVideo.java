package org.reelspark.generate;

import java.util.Optional;

/**
 * A video that exists.
 *
 * @param content where it is
 * @param tokens of self-attention
 * @param sparsity fraction of self-attention's matrix products that were skipped, in [0, 1]
 * @param cachedRuns runs of the model that reused most of an earlier one
 * @param arithmetic what the backend that made it computed with, unless it is older than that note
 */
public record FinishedVideo(
    VideoContent content,
    int tokens,
    double sparsity,
    int cachedRuns,
    Optional<String> arithmetic,
    StageTimings timings) {}
