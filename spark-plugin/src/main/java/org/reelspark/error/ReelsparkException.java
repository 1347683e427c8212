package org.reelspark.error;

/**
 * The one exception that Reelspark throws for causes a user can act on. The message names the value
 * at fault and the remedy.
 */
public final class ReelsparkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public ReelsparkException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  public ReelsparkException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }

  public ErrorClass errorClass() {
    return code.errorClass();
  }

  /** With the code, which logs, shells and Python see in no other way. */
  @Override
  public String toString() {
    return "%s: %s: %s".formatted(getClass().getName(), code, getMessage());
  }
}
