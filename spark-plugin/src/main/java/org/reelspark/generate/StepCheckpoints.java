package org.reelspark.generate;

import java.util.Optional;
import org.reelspark.model.DenoiseState;

/** Keeps what has been computed of videos that are not finished. */
public interface StepCheckpoints {
  /** Keeps nothing. */
  StepCheckpoints NONE =
      new StepCheckpoints() {
        @Override
        public Optional<DenoiseState> find(String key) {
          return Optional.empty();
        }

        @Override
        public boolean isDue(int stepsDone, int steps) {
          return false;
        }

        @Override
        public void save(String key, DenoiseState state) {}
      };

  /** Where the video of a key was last left, if that is known. */
  Optional<DenoiseState> find(String key);

  /** Whether to save after so many of a video's steps. */
  boolean isDue(int stepsDone, int steps);

  /** Replaces what is kept of a key. What cannot be saved is not worth failing for. */
  void save(String key, DenoiseState state);
}
