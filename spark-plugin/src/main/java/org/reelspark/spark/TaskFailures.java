package org.reelspark.spark;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskFailedReason;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ReelsparkException;

/** Tells what is more than the failure of one task. */
final class TaskFailures {
  private TaskFailures() {}

  /** The error of a class behind a task's failure, whatever Spark wrapped around it. */
  static Optional<ReelsparkException> find(TaskFailedReason reason, ErrorClass errorClass) {
    if (reason instanceof ExceptionFailure failure && failure.exception().isDefined()) {
      return Stream.iterate(failure.exception().get(), cause -> cause != null, Throwable::getCause)
          .filter(ReelsparkException.class::isInstance)
          .map(ReelsparkException.class::cast)
          .filter(exception -> exception.errorClass() == errorClass)
          .findFirst();
    }
    return Optional.empty();
  }
}
