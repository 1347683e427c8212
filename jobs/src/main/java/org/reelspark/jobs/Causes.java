package org.reelspark.jobs;

import java.util.Optional;
import java.util.stream.Stream;
import org.reelspark.error.ReelsparkException;

/** Looks through the exceptions that Spark wraps around what went wrong. */
final class Causes {
  private Causes() {}

  /** The Reelspark exception in a chain of causes. */
  static Optional<ReelsparkException> reelspark(Throwable thrown) {
    return chain(thrown)
        .filter(ReelsparkException.class::isInstance)
        .map(ReelsparkException.class::cast)
        .findFirst();
  }

  /** The first cause. */
  static Throwable root(Throwable thrown) {
    return chain(thrown).reduce(thrown, (previous, next) -> next);
  }

  /** Whether somebody cancelled the Spark job or stopped Spark. */
  static boolean isCancellation(Throwable thrown) {
    return chain(thrown)
        .map(cause -> String.valueOf(cause.getMessage()))
        .anyMatch(
            message ->
                message.contains("SPARK_JOB_CANCELLED")
                    || message.contains("SparkContext was shut down"));
  }

  private static Stream<Throwable> chain(Throwable thrown) {
    return Stream.iterate(thrown, cause -> cause != null, Throwable::getCause);
  }
}
