package org.reelspark.generate;

import java.util.Optional;

/** Keeps nothing: each result carries the bytes of its video. */
public final class InlineOutput implements VideoOutput {
  @Override
  public FinishedVideo save(EncodedVideo video) {
    return new FinishedVideo(
        new VideoContent.Inline(video.file()),
        video.tokens(),
        video.sparsity(),
        video.cachedRuns(),
        Optional.of(video.arithmetic()),
        video.timings());
  }
}
