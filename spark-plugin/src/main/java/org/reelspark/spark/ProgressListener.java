package org.reelspark.spark;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskInfo;
import org.reelspark.generate.StageTimings;
import org.reelspark.spark.GeneratingTask.Outcome;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Adds up accumulators while tasks run. Spark itself gives the driver a task's count only when the
 * task ends, which for a video is minutes late; heartbeats bring it earlier.
 */
final class ProgressListener extends SparkListener {
  private final Map<Long, Metric> metricsById;
  private final Map<Long, Map<Metric, Long>> countsByTask = new ConcurrentHashMap<>();
  private final Map<PartitionOfStage, Long> taskByPartition = new ConcurrentHashMap<>();

  // A task that is lost before its first heartbeat has counted nothing; its stage tells of it.
  private final Set<Integer> generatingStages = ConcurrentHashMap.newKeySet();

  // A heartbeat may be heard after the end of its task.
  private final Set<Long> endedTasks = ConcurrentHashMap.newKeySet();

  private final Queue<GeneratingTask> ended = new ConcurrentLinkedQueue<>();

  private record PartitionOfStage(int stage, int partition) {}

  /**
   * @param metricsById by the accumulator that counts it
   */
  ProgressListener(Map<Long, Metric> metricsById) {
    this.metricsById = metricsById;
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate event) {
    CollectionConverters.asJava(event.accumUpdates())
        .forEach(
            update -> {
              long taskId = (Long) update._1();
              if (!endedTasks.contains(taskId)) {
                record(taskId, (Integer) update._2(), CollectionConverters.asJava(update._4()));
              }
            });
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    TaskInfo task = event.taskInfo();
    if (!endedTasks.add(task.taskId())) {
      return; // Spark ends the tasks of a lost executor a second time
    }
    record(task.taskId(), event.stageId(), CollectionConverters.asJava(task.accumulables()));
    Map<Metric, Long> counts = countsByTask.get(task.taskId());
    if (counts == null) {
      if (task.successful() || !generatingStages.contains(event.stageId())) {
        return; // of another query
      }
      counts = Map.of();
    }
    ended.add(generatingTask(task, counts));
    if (!task.successful()) {
      // Its rows are generated again, or the query fails.
      countsByTask.remove(task.taskId());
      return;
    }
    // A stage that runs again, because a shuffle was lost, repeats partitions; it finds the videos
    // that the first run of it made.
    Long earlier =
        taskByPartition.putIfAbsent(
            new PartitionOfStage(event.stageId(), task.partitionId()), task.taskId());
    if (earlier != null) {
      countsByTask.remove(task.taskId());
    }
  }

  private static GeneratingTask generatingTask(TaskInfo task, Map<Metric, Long> counts) {
    return new GeneratingTask(
        task.executorId(),
        task.host(),
        task.launchTime(),
        task.finishTime(),
        task.successful() ? Outcome.SUCCEEDED : Outcome.LOST,
        counts.getOrDefault(Metric.GENERATED, 0L),
        counts.getOrDefault(Metric.SKIPPED, 0L),
        counts.getOrDefault(Metric.FAILED, 0L),
        timings(counts));
  }

  private static StageTimings timings(Map<Metric, Long> counts) {
    return new StageTimings(
        counts.getOrDefault(Metric.TEXT_MILLIS, 0L),
        counts.getOrDefault(Metric.DENOISE_MILLIS, 0L),
        counts.getOrDefault(Metric.DECODE_MILLIS, 0L),
        counts.getOrDefault(Metric.ENCODE_MILLIS, 0L),
        counts.getOrDefault(Metric.WRITE_MILLIS, 0L));
  }

  private void record(long taskId, int stage, Iterable<AccumulableInfo> accumulables) {
    for (AccumulableInfo accumulable : accumulables) {
      Metric metric = metricsById.get(accumulable.id());
      if (metric != null && accumulable.update().isDefined()) {
        generatingStages.add(stage);
        countsByTask
            .computeIfAbsent(taskId, id -> new ConcurrentHashMap<>())
            .put(metric, ((Number) accumulable.update().get()).longValue());
      }
    }
  }

  /** Tasks that have ended, in the order of their ends. */
  List<GeneratingTask> tasks() {
    return List.copyOf(ended);
  }

  GenerationProgress progress() {
    EnumMap<Metric, Long> sums = new EnumMap<>(Metric.class);
    for (Map<Metric, Long> counts : countsByTask.values()) {
      counts.forEach((metric, count) -> sums.merge(metric, count, Long::sum));
    }
    return new GenerationProgress(
        sums.getOrDefault(Metric.GENERATED, 0L),
        sums.getOrDefault(Metric.SKIPPED, 0L),
        sums.getOrDefault(Metric.FAILED, 0L),
        sums.getOrDefault(Metric.RETRIES, 0L),
        sums.getOrDefault(Metric.STEPS, 0L)
            - sums.getOrDefault(Metric.STEPS_REPEATED, 0L)
            + sums.getOrDefault(Metric.STEPS_RESUMED, 0L),
        new GenerationProgress.Work(
            sums.getOrDefault(Metric.WORK, 0L),
            sums.getOrDefault(Metric.WORK_SPARED, 0L),
            sums.getOrDefault(Metric.FINISHED_WORK, 0L),
            sums.getOrDefault(Metric.FINISHED_WORK_SPARED, 0L)),
        timings(sums));
  }
}
