package org.reelspark.spark;

import java.util.function.ObjLongConsumer;
import org.reelspark.generate.FinishedVideo;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.PlannedGeneration;
import org.reelspark.generate.StageTimings;

/** Counts what happens in one task. */
class CountingListener implements GenerationListener {
  private final ObjLongConsumer<Metric> counts;
  private PlannedGeneration begun;
  private int stepsBegun;
  private long workSpared;

  /**
   * @param counts takes what to add to a metric
   */
  CountingListener(ObjLongConsumer<Metric> counts) {
    this.counts = counts;
  }

  @Override
  public void started(PlannedGeneration plan) {
    begun = plan;
    stepsBegun = 0;
    workSpared = 0;
  }

  @Override
  public void stepStarted(int step, int steps) {
    long work = begun.workBefore(step + 1) - begun.workBefore(stepsBegun);
    if (step < stepsBegun) {
      add(Metric.STEPS_REPEATED, stepsBegun - step);
    } else if (step > stepsBegun) {
      long spared = begun.workBefore(step) - begun.workBefore(stepsBegun);
      workSpared += spared;
      work -= spared;
      add(Metric.STEPS_RESUMED, step - stepsBegun);
      add(Metric.WORK_SPARED, spared);
    }
    add(Metric.STEPS, 1);
    add(Metric.WORK, work);
    stepsBegun = step + 1;
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
        add(Metric.FINISHED_WORK, workTaken());
        add(Metric.FINISHED_WORK_SPARED, workSpared);
        result.video().ifPresent(this::addFigures);
      }
      case SKIPPED -> add(Metric.SKIPPED, 1);
      case FAILED -> {
        add(Metric.FAILED, 1);
        if (begun != null) {
          add(Metric.WORK, -workTaken());
          add(Metric.WORK_SPARED, begun.work() - workSpared);
          add(Metric.FINISHED_WORK_SPARED, begun.work());
        }
      }
    }
    begun = null;
  }

  private long workTaken() {
    return begun.workBefore(stepsBegun) - workSpared;
  }

  private void addFigures(FinishedVideo video) {
    StageTimings timings = video.timings();
    add(Metric.CACHED_RUNS, video.cachedRuns());
    add(Metric.TOKENS, video.tokens());
    add(Metric.TEXT_MILLIS, timings.textMillis());
    add(Metric.DENOISE_MILLIS, timings.denoiseMillis());
    add(Metric.DECODE_MILLIS, timings.decodeMillis());
    add(Metric.ENCODE_MILLIS, timings.encodeMillis());
    add(Metric.WRITE_MILLIS, timings.writeMillis());
  }

  private void add(Metric metric, long amount) {
    counts.accept(metric, amount);
  }
}
