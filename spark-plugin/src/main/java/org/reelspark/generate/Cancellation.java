package org.reelspark.generate;

/** Asks whether the caller still wants the result. Called often, also while waiting. */
@FunctionalInterface
public interface Cancellation {
  /** Never cancelled. */
  Cancellation NEVER = () -> {};

  /** Throws an unchecked exception of the implementor's choice when work should end. */
  void check();
}
