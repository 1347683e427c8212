package org.reelspark.spark;

import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Which executor is at which task of the stage that was submitted last, and of the one before. */
final class Placement extends SparkListener {
  private volatile Map<Integer, String> before = Map.of();
  private volatile Map<Integer, String> executorByTask = new ConcurrentHashMap<>();

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted event) {
    before = executorByTask;
    executorByTask = new ConcurrentHashMap<>();
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart event) {
    executorByTask.putIfAbsent(event.taskInfo().index(), event.taskInfo().executorId());
  }

  /** Task of the last stage on an executor that had no part in the stage before, once it starts. */
  OptionalInt newcomersTask() {
    return executorByTask.entrySet().stream()
        .filter(entry -> !before.containsValue(entry.getValue()))
        .mapToInt(Map.Entry::getKey)
        .findFirst();
  }
}
