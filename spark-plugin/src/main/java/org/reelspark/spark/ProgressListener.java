package org.reelspark.spark;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.reelspark.spark.GenerationMetrics.Metric;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Adds up accumulators while tasks run. Spark itself gives the driver a task's count only when the
 * task ends, which for a video is minutes late; heartbeats bring it earlier.
 */
final class ProgressListener extends SparkListener {
  private final Map<Long, Metric> metricsById;
  private final Map<Long, Map<Metric, Long>> countsByTask = new ConcurrentHashMap<>();

  ProgressListener(GenerationMetrics metrics) {
    this.metricsById = metrics.metricsById();
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate event) {
    CollectionConverters.asJava(event.accumUpdates())
        .forEach(update -> record((Long) update._1(), CollectionConverters.asJava(update._4())));
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    record(event.taskInfo().taskId(), CollectionConverters.asJava(event.taskInfo().accumulables()));
  }

  private void record(long taskId, Iterable<AccumulableInfo> accumulables) {
    for (AccumulableInfo accumulable : accumulables) {
      Metric metric = metricsById.get(accumulable.id());
      if (metric != null && accumulable.update().isDefined()) {
        countsByTask
            .computeIfAbsent(taskId, id -> new ConcurrentHashMap<>())
            .put(metric, ((Number) accumulable.update().get()).longValue());
      }
    }
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
        sums.getOrDefault(Metric.STEPS, 0L));
  }
}
