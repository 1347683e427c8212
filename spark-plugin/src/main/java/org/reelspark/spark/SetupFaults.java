package org.reelspark.spark;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * The faults for which this driver has cancelled jobs. Spark's exception about a cancelled job
 * holds the reason as text only; this finds the error with its code again.
 */
final class SetupFaults {
  private static final int MOST_REMEMBERED = 100;
  private static final Deque<Fault> FAULTS = new ArrayDeque<>();

  private SetupFaults() {}

  private record Fault(ErrorCode code, String message) {
    String reason() {
      return "%s: %s".formatted(code, message);
    }
  }

  /** Returns the reason to cancel jobs with. */
  static String remember(ErrorCode code, String message) {
    Fault fault = new Fault(code, message);
    synchronized (FAULTS) {
      FAULTS.addFirst(fault);
      if (FAULTS.size() > MOST_REMEMBERED) {
        FAULTS.removeLast();
      }
    }
    return fault.reason();
  }

  /** The fault that a query was cancelled for. */
  static Optional<ReelsparkException> find(Throwable thrown) {
    synchronized (FAULTS) {
      return FAULTS.stream()
          .filter(fault -> says(thrown, fault.reason()))
          .findFirst()
          .map(fault -> new ReelsparkException(fault.code(), fault.message(), thrown));
    }
  }

  private static boolean says(Throwable thrown, String reason) {
    return Stream.iterate(thrown, Objects::nonNull, Throwable::getCause)
        .anyMatch(cause -> String.valueOf(cause.getMessage()).contains(reason));
  }
}
