package org.reelspark.spark;

import org.apache.spark.util.AccumulatorV2;

/** The mean of what was added; 0 before anything was. */
final class MeanAccumulator extends AccumulatorV2<Double, Double> {
  private static final long serialVersionUID = 1L;

  private long count;
  private double sum;

  @Override
  public synchronized boolean isZero() {
    return count == 0;
  }

  @Override
  public synchronized MeanAccumulator copy() {
    MeanAccumulator copy = new MeanAccumulator();
    copy.count = count;
    copy.sum = sum;
    return copy;
  }

  @Override
  public synchronized void reset() {
    count = 0;
    sum = 0;
  }

  @Override
  public synchronized void add(Double value) {
    count++;
    sum += value;
  }

  @Override
  public void merge(AccumulatorV2<Double, Double> other) {
    MeanAccumulator more = ((MeanAccumulator) other).copy();
    synchronized (this) {
      count += more.count;
      sum += more.sum;
    }
  }

  @Override
  public synchronized Double value() {
    return count == 0 ? 0 : sum / count;
  }
}
