package org.reelspark.spark;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.spark.util.AccumulatorV2;

/** Failed requests by error code, such as {@code {INVALID_PROMPT=3, INVALID_SIZE=1}}. */
final class ErrorCounts extends AccumulatorV2<String, Map<String, Long>> {
  private static final long serialVersionUID = 1L;

  // Heartbeats read while a task adds.
  private final ConcurrentSkipListMap<String, Long> counts = new ConcurrentSkipListMap<>();

  @Override
  public boolean isZero() {
    return counts.isEmpty();
  }

  @Override
  public ErrorCounts copy() {
    ErrorCounts copy = new ErrorCounts();
    copy.merge(this);
    return copy;
  }

  @Override
  public void reset() {
    counts.clear();
  }

  @Override
  public void add(String code) {
    counts.merge(code, 1L, Long::sum);
  }

  @Override
  public void merge(AccumulatorV2<String, Map<String, Long>> other) {
    other.value().forEach((code, count) -> counts.merge(code, count, Long::sum));
  }

  @Override
  public Map<String, Long> value() {
    return new TreeMap<>(counts);
  }
}
