package org.reelspark.spark;

import org.apache.spark.TaskContext;
import org.reelspark.generate.Cancellation;

/** Ends work soon after Spark kills the task. */
final class TaskCancellation {
  private TaskCancellation() {}

  /** The cancellation of the task on this thread; outside of tasks, none. */
  static Cancellation current() {
    TaskContext task = TaskContext.get();
    return task == null ? Cancellation.NEVER : task::killTaskIfInterrupted;
  }
}
