package org.reelspark.model.checkpoint;

import java.nio.file.Path;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** The errors of this package; each message starts with the file at fault. */
final class CheckpointErrors {
  private CheckpointErrors() {}

  static ReelsparkException invalid(Path file, String problem) {
    return new ReelsparkException(ErrorCode.CHECKPOINT_INVALID, file + ": " + problem);
  }

  static ReelsparkException invalid(Path file, String problem, Throwable cause) {
    return new ReelsparkException(ErrorCode.CHECKPOINT_INVALID, file + ": " + problem, cause);
  }

  static ReelsparkException unreadable(Path file, Exception cause) {
    return invalid(
        file, "cannot be read (" + cause + "); check that it exists and its access rights", cause);
  }
}
