package org.reelspark.generate;

import java.util.Optional;
import java.util.function.Supplier;
import org.reelspark.model.DenoiseState;

/** Keeps what has been computed of one video, for whoever makes it. One thread at a time. */
public interface StepCheckpoints extends AutoCloseable {
  /** Keeps nothing. */
  StepCheckpoints NONE =
      new StepCheckpoints() {
        @Override
        public Optional<DenoiseState> find() {
          return Optional.empty();
        }

        @Override
        public boolean isDue(int stepsDone, int steps) {
          return false;
        }

        @Override
        public void save(Supplier<DenoiseState> state) {}

        @Override
        public void close() {}
      };

  /** Where the video was last left, if that is known. */
  Optional<DenoiseState> find();

  /** Whether to save after so many of the video's steps. */
  boolean isDue(int stepsDone, int steps);

  /**
   * Takes a state during the call and keeps it some time later, in place of earlier ones, which it
   * waits for. What cannot be saved is not worth failing for.
   *
   * @param state what it throws passes through, but for want of memory
   */
  void save(Supplier<DenoiseState> state);

  /** Waits until all that was saved is kept. */
  @Override
  void close();
}
