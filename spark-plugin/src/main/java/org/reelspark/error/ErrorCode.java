package org.reelspark.error;

/** Every cause that a user can meet, with what the system does about it. */
public enum ErrorCode {
  INVALID_PROMPT(ErrorClass.ROW),
  INVALID_OPTION(ErrorClass.ROW),
  INVALID_SIZE(ErrorClass.ROW),
  TOKEN_BUDGET_EXCEEDED(ErrorClass.ROW),
  LATENTS_NOT_FINITE(ErrorClass.ROW),
  PIXELS_NOT_FINITE(ErrorClass.ROW),
  VIDEO_ENCODING_FAILED(ErrorClass.ROW),
  CANCELLED(ErrorClass.ROW),
  INTERNAL(ErrorClass.ROW),
  OUT_OF_MEMORY(ErrorClass.RETRYABLE),
  OUTPUT_FAILED(ErrorClass.RETRYABLE),
  DEVICE_FAILED(ErrorClass.FATAL_GPU),
  INVALID_CONFIGURATION(ErrorClass.CONFIG),
  INVALID_INPUT(ErrorClass.CONFIG),
  MODEL_NOT_FOUND(ErrorClass.CONFIG),
  MODEL_UNSUPPORTED(ErrorClass.CONFIG),
  CHECKPOINT_INVALID(ErrorClass.CONFIG),
  PROFILE_INVALID(ErrorClass.CONFIG),
  BACKEND_UNAVAILABLE(ErrorClass.CONFIG),
  OUTPUT_UNWRITABLE(ErrorClass.CONFIG),
  OUTPUT_MISMATCH(ErrorClass.CONFIG),
  OUTPUT_EXISTS(ErrorClass.CONFIG);

  private final ErrorClass errorClass;

  ErrorCode(ErrorClass errorClass) {
    this.errorClass = errorClass;
  }

  public ErrorClass errorClass() {
    return errorClass;
  }
}
