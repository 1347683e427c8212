package org.reelspark.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The tasks of Spark that run in this JVM. A job ends with the first of its tasks that fails, and
 * when it is cancelled; its other tasks go on until they notice, and meanwhile write files and hold
 * memory.
 */
public final class RunningTasks {
  private static final String TASK = "org.apache.spark.executor.Executor$TaskRunner";

  private RunningTasks() {}

  /** Waits until there is none. */
  public static void awaitEnd() throws InterruptedException {
    Await.until(() -> threads().isEmpty(), () -> "tasks run on " + threads());
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> runsTask(thread.getValue()))
        .map(Map.Entry::getKey)
        .map(Thread::getName)
        .toList();
  }

  private static boolean runsTask(StackTraceElement[] stack) {
    return Arrays.stream(stack).anyMatch(frame -> frame.getClassName().equals(TASK));
  }
}
