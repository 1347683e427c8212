package org.reelspark.spark;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationResult;

/** The accumulators of one generator: shown in Spark's pages, and sent with every heartbeat. */
final class GenerationMetrics implements Serializable {
  private static final long serialVersionUID = 1L;

  private final EnumMap<Metric, LongAccumulator> accumulators = new EnumMap<>(Metric.class);
  private final ErrorCounts errors = new ErrorCounts();
  private final MeanAccumulator sparsity = new MeanAccumulator();
  private final LayerSparsity layerSparsity = new LayerSparsity();

  private GenerationMetrics() {}

  static GenerationMetrics register(SparkContext context) {
    GenerationMetrics metrics = new GenerationMetrics();
    for (Metric metric : Metric.values()) {
      metrics.accumulators.put(metric, context.longAccumulator(metric.accumulatorName()));
    }
    context.register(metrics.errors, "reelspark.errors");
    context.register(metrics.sparsity, "reelspark.sparsity");
    context.register(metrics.layerSparsity, "reelspark.layerSparsity");
    return metrics;
  }

  /** Which accumulator, by its id, counts what. */
  Map<Long, Metric> metricsById() {
    return accumulators.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(entry -> entry.getValue().id(), Map.Entry::getKey));
  }

  /** Of all tasks that have succeeded. */
  List<Double> layerSparsity() {
    return layerSparsity.value();
  }

  /** Counts what happens in the task that asks. */
  GenerationListener listener() {
    return new CountingListener((metric, amount) -> accumulators.get(metric).add(amount)) {
      @Override
      public void attended(List<AttentionStatistics> layers) {
        layerSparsity.add(layers);
      }

      @Override
      public void finished(GenerationResult result) {
        super.finished(result);
        result.error().ifPresent(error -> errors.add(error.code().name()));
        if (result.attempts() > 0) {
          result.video().ifPresent(video -> sparsity.add(video.sparsity()));
        }
      }
    };
  }
}
