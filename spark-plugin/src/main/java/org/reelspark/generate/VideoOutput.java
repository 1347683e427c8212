package org.reelspark.generate;

import java.util.Optional;

/** Takes finished videos. Keeps nothing of them, unless it says otherwise. */
public interface VideoOutput {
  /**
   * The finished video of a key, when it exists whole.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED
   */
  default Optional<FinishedVideo> find(String key, GenerationRequest request) {
    return Optional.empty();
  }

  /**
   * Makes sure that videos can be saved, before any time is spent on one.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_UNWRITABLE
   */
  default void prepare() {}

  /**
   * Takes one video; afterwards it exists whole, or, when this throws, not at all.
   *
   * @throws org.reelspark.error.ReelsparkException OUTPUT_FAILED, OUTPUT_UNWRITABLE
   */
  FinishedVideo save(EncodedVideo video);

  /** Where the video of a key is kept while it is not finished; the caller closes it. */
  default StepCheckpoints checkpoints(String key) {
    return StepCheckpoints.NONE;
  }
}
