package org.reelspark.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.reelspark.generate.GenerationListener;
import org.reelspark.tensor.HostMemory;

/** What this executor has done since it started, and how it is; whichever query asked for it. */
final class ExecutorFigures {
  private static final ExecutorFigures INSTANCE = new ExecutorFigures();

  private final EnumMap<Metric, LongAdder> sums = new EnumMap<>(Metric.class);

  private ExecutorFigures() {
    for (Metric metric : Metric.values()) {
      sums.put(metric, new LongAdder());
    }
  }

  static ExecutorFigures instance() {
    return INSTANCE;
  }

  /** Tells {@code query} what happens in a task, and counts it here too. */
  GenerationListener counting(GenerationListener query) {
    return new ListenerPair(
        query, new CountingListener((metric, amount) -> sums.get(metric).add(amount)));
  }

  /** All figures by name. */
  Map<String, Long> snapshot() {
    DeviceRuntime runtime = ExecutorRuntime.instance();
    Map<String, Long> figures = new HashMap<>();
    sums.forEach((metric, sum) -> figures.put(metric.label(), sum.sum()));
    figures.put("modelLoads", (long) runtime.loads());
    figures.put("waitingTasks", (long) runtime.queueLength());
    figures.put("hostMemoryBytes", HostMemory.allocatedBytes());
    return figures;
  }

  /** Shows all figures as gauges. */
  void register(MetricRegistry metrics) {
    for (String name : snapshot().keySet()) {
      metrics.register(name, (Gauge<Long>) () -> snapshot().get(name));
    }
  }
}
