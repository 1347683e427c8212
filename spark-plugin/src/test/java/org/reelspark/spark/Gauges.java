package org.reelspark.spark;

import com.codahale.metrics.Gauge;
import java.util.stream.StreamSupport;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;
import scala.jdk.javaapi.CollectionConverters;

/** The plugin's gauges on the driver, as Spark's metrics system has them. */
final class Gauges {
  private static final String SOURCE = "plugin." + ReelsparkPlugin.class.getName();

  private Gauges() {}

  /** Value of a gauge; 0 before it exists. */
  static long value(String name) {
    Iterable<Source> sources =
        CollectionConverters.asJava(SparkEnv.get().metricsSystem().getSourcesByName(SOURCE));
    return StreamSupport.stream(sources.spliterator(), false)
        .map(source -> source.metricRegistry().getGauges().get(name))
        .filter(gauge -> gauge != null)
        .mapToLong(gauge -> ((Number) ((Gauge<?>) gauge).getValue()).longValue())
        .sum();
  }
}
