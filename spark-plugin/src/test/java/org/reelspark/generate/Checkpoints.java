package org.reelspark.generate;

import java.nio.file.Path;
import org.reelspark.model.DenoiseState;

/** Looks at the checkpoints of an output directory from outside. */
public final class Checkpoints {
  private Checkpoints() {}

  /** Steps that the checkpoint of a video holds; 0 without one. */
  public static int stepsDone(Path output, String key) {
    return new StoredCheckpoints(new LocalOutputStore(output), key, 1)
        .find()
        .map(DenoiseState::stepsDone)
        .orElse(0);
  }
}
