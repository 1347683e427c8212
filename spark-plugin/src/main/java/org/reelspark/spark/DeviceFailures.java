package org.reelspark.spark;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskFailedReason;
import org.reelspark.error.ErrorClass;
import org.reelspark.error.ReelsparkException;

/** Tells a failed device from a failed task. */
final class DeviceFailures {
  private DeviceFailures() {}

  /** The fatal failure of a device behind a task's failure, whatever Spark wrapped around it. */
  static Optional<ReelsparkException> find(TaskFailedReason reason) {
    if (reason instanceof ExceptionFailure failure && failure.exception().isDefined()) {
      return Stream.iterate(failure.exception().get(), cause -> cause != null, Throwable::getCause)
          .filter(ReelsparkException.class::isInstance)
          .map(ReelsparkException.class::cast)
          .filter(exception -> exception.errorClass() == ErrorClass.FATAL_GPU)
          .findFirst();
    }
    return Optional.empty();
  }
}
