package org.reelspark.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * The figures of all executors as gauges of the driver: {@code executors} that have reported,
 * {@code executor.ID.NAME} for each of them, and {@code total.NAME}, which executors that left stay
 * part of.
 */
final class ClusterGauges extends SparkListener {
  private final Map<String, Map<String, Long>> figures = new ConcurrentHashMap<>();
  private final Set<String> present = ConcurrentHashMap.newKeySet();

  /** Ids are never given again, and an executor's last figures may come after its end. */
  private final Set<String> removed = new HashSet<>();

  private final MetricRegistry metrics;

  private ClusterGauges(MetricRegistry metrics) {
    this.metrics = metrics;
  }

  /** Registers at once what does not depend on an executor: Spark ignores an empty registry. */
  static ClusterGauges register(MetricRegistry metrics) {
    ClusterGauges gauges = new ClusterGauges(metrics);
    metrics.register("executors", (Gauge<Integer>) gauges.present::size);
    for (Metric metric : Metric.values()) {
      metrics.register("total." + metric.label(), (Gauge<Long>) () -> gauges.total(metric.label()));
    }
    return gauges;
  }

  synchronized void show(FiguresMessage message) {
    String executorId = message.executorId();
    figures.put(executorId, Map.copyOf(message.figures()));
    if (!removed.contains(executorId) && present.add(executorId)) {
      for (String name : message.figures().keySet()) {
        metrics.register(
            prefix(executorId) + name, (Gauge<Long>) () -> figures.get(executorId).get(name));
      }
    }
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved event) {
    removed.add(event.executorId());
    present.remove(event.executorId());
    metrics.removeMatching((name, metric) -> name.startsWith(prefix(event.executorId())));
  }

  private long total(String name) {
    return figures.values().stream().mapToLong(all -> all.getOrDefault(name, 0L)).sum();
  }

  private static String prefix(String executorId) {
    return "executor." + executorId + ".";
  }
}
