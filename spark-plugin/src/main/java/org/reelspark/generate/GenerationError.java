package org.reelspark.generate;

import org.reelspark.error.ErrorClass;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Why a request has no video. */
public record GenerationError(ErrorCode code, String message) {
  static GenerationError of(ReelsparkException exception) {
    return new GenerationError(exception.code(), exception.getMessage());
  }

  public ErrorClass errorClass() {
    return code.errorClass();
  }
}
