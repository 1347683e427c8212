package org.reelspark.spark;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.StageTimings;

/** The accumulators of one generator: shown in Spark's pages, and sent with every heartbeat. */
final class GenerationMetrics implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What is counted. */
  enum Metric {
    GENERATED("reelspark.videos"),
    SKIPPED("reelspark.skipped"),
    FAILED("reelspark.failed"),
    RETRIES("reelspark.retries"),
    STEPS("reelspark.steps"),
    TOKENS("reelspark.tokens"),
    WAIT_MILLIS("reelspark.waitMillis"),
    TEXT_MILLIS("reelspark.textMillis"),
    DENOISE_MILLIS("reelspark.denoiseMillis"),
    DECODE_MILLIS("reelspark.decodeMillis"),
    ENCODE_MILLIS("reelspark.encodeMillis"),
    WRITE_MILLIS("reelspark.writeMillis");

    private final String accumulatorName;

    Metric(String accumulatorName) {
      this.accumulatorName = accumulatorName;
    }
  }

  private final EnumMap<Metric, LongAccumulator> accumulators;

  private GenerationMetrics(EnumMap<Metric, LongAccumulator> accumulators) {
    this.accumulators = accumulators;
  }

  static GenerationMetrics register(SparkContext context) {
    EnumMap<Metric, LongAccumulator> accumulators = new EnumMap<>(Metric.class);
    for (Metric metric : Metric.values()) {
      accumulators.put(metric, context.longAccumulator(metric.accumulatorName));
    }
    return new GenerationMetrics(accumulators);
  }

  /** Which accumulator, by its id, counts what. */
  Map<Long, Metric> metricsById() {
    return accumulators.entrySet().stream()
        .collect(
            java.util.stream.Collectors.toUnmodifiableMap(
                entry -> entry.getValue().id(), Map.Entry::getKey));
  }

  /** Counts what happens in the task that asks. */
  GenerationListener listener() {
    return new GenerationListener() {
      @Override
      public void stepStarted(int step, int steps) {
        add(Metric.STEPS, 1);
      }

      @Override
      public void retrying(GenerationError error, int attempt) {
        add(Metric.RETRIES, 1);
      }

      @Override
      public void waited(long millis) {
        add(Metric.WAIT_MILLIS, millis);
      }

      @Override
      public void finished(GenerationResult result) {
        switch (result.status()) {
          case GENERATED -> {
            add(Metric.GENERATED, 1);
            result.video().ifPresent(video -> addFigures(video.tokens(), video.timings()));
          }
          case SKIPPED -> add(Metric.SKIPPED, 1);
          case FAILED -> add(Metric.FAILED, 1);
        }
      }
    };
  }

  private void addFigures(int tokens, StageTimings timings) {
    add(Metric.TOKENS, tokens);
    add(Metric.TEXT_MILLIS, timings.textMillis());
    add(Metric.DENOISE_MILLIS, timings.denoiseMillis());
    add(Metric.DECODE_MILLIS, timings.decodeMillis());
    add(Metric.ENCODE_MILLIS, timings.encodeMillis());
    add(Metric.WRITE_MILLIS, timings.writeMillis());
  }

  private void add(Metric metric, long amount) {
    accumulators.get(metric).add(amount);
  }
}
