package org.reelspark.generate;

import java.util.Optional;

/**
 * The outcome of one request.
 *
 * @param request absent when the input could not be resolved
 * @param key content key, present with the request
 * @param video present unless the status is FAILED
 * @param error present when the status is FAILED
 * @param attempts how often generation was started; 0 when it never was
 */
public record GenerationResult(
    GenerationStatus status,
    Optional<GenerationRequest> request,
    Optional<String> key,
    Optional<FinishedVideo> video,
    Optional<GenerationError> error,
    int attempts) {}
