package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.junit.jupiter.api.Test;

class ClusterGaugesTest {
  private final MetricRegistry metrics = new MetricRegistry();
  private final ClusterGauges gauges = ClusterGauges.register(metrics);

  @Test
  void sumsWhatExecutorsSayAndShowsEachOfThem() {
    report("1", 3);
    report("2", 4);
    report("2", 5);

    assertThat(gauge("executors")).isEqualTo(2);
    assertThat(gauge("total.videos")).isEqualTo(8L);
    assertThat(gauge("executor.1.videos")).isEqualTo(3L);
    assertThat(gauge("executor.2.videos")).isEqualTo(5L);
  }

  @Test
  void executorThatLeftStaysPartOfTheTotalAlone() {
    report("1", 3);
    report("11", 4);
    remove("1");

    assertThat(gauge("executors")).isEqualTo(1);
    assertThat(gauge("total.videos")).isEqualTo(7L);
    assertThat(metrics.getNames())
        .contains("executor.11.videos")
        .doesNotContain("executor.1.videos");
  }

  @Test
  void figuresThatComeAfterTheirExecutorLeftCountInTheTotalAlone() {
    remove("1");
    report("1", 3);

    assertThat(gauge("executors")).isEqualTo(0);
    assertThat(gauge("total.videos")).isEqualTo(3L);
    assertThat(metrics.getNames()).doesNotContain("executor.1.videos");
  }

  private void report(String executorId, long videos) {
    gauges.show(
        new FiguresMessage(executorId, new HashMap<>(Map.of(Metric.GENERATED.label(), videos))));
  }

  private void remove(String executorId) {
    gauges.onExecutorRemoved(new SparkListenerExecutorRemoved(0, executorId, "on purpose"));
  }

  private Object gauge(String name) {
    return metrics.getGauges().get(name).getValue();
  }
}
