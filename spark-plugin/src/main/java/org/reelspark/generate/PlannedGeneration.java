package org.reelspark.generate;

import java.util.Optional;
import org.reelspark.model.VideoGeometry;

/**
 * What a request will take.
 *
 * @param key content key
 * @param finished the video, when the output holds it already
 */
public record PlannedGeneration(
    GenerationRequest request,
    String key,
    VideoGeometry geometry,
    Optional<FinishedVideo> finished) {
  /** Tokens of self-attention. */
  public int tokens() {
    return geometry.grid().tokens();
  }

  /** Tokens that pass through the model in all its runs. */
  public long work() {
    return workBefore(request.steps());
  }

  /** Tokens that pass through the model before a step. */
  public long workBefore(int step) {
    return (long) tokens() * request.guidance().modelRunsBefore(step, request.steps());
  }
}
