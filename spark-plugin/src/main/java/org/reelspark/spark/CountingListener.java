package org.reelspark.spark;

import java.util.function.ObjLongConsumer;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.PlannedGeneration;
import org.reelspark.generate.StageTimings;

/** Counts what happens in one task. */
class CountingListener implements GenerationListener {
  private final ObjLongConsumer<Metric> counts;
  private long workOfStep;
  private long workOfVideo;
  private long stepsBegun;

  /**
   * @param counts takes what to add to a metric
   */
  CountingListener(ObjLongConsumer<Metric> counts) {
    this.counts = counts;
  }

  @Override
  public void started(PlannedGeneration plan) {
    workOfStep = PlanRows.workOfStep(plan.tokens(), plan.request().guidanceScale());
    workOfVideo = workOfStep * plan.request().steps();
    stepsBegun = 0;
  }

  @Override
  public void stepStarted(int step, int steps) {
    if (step < stepsBegun) {
      long lost = stepsBegun - step;
      add(Metric.STEPS_REPEATED, lost);
      add(Metric.WORK, -lost * workOfStep);
    } else if (step > stepsBegun) {
      long spared = step - stepsBegun;
      add(Metric.STEPS_RESUMED, spared);
      add(Metric.WORK, spared * workOfStep);
    }
    stepsBegun = step + 1L;
    add(Metric.STEPS, 1);
    add(Metric.WORK, workOfStep);
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
    add(Metric.WORK, workOfVideo - stepsBegun * workOfStep);
    add(Metric.FINISHED_WORK, workOfVideo);
    workOfStep = 0;
    workOfVideo = 0;
    switch (result.status()) {
      case GENERATED -> {
        add(Metric.GENERATED, 1);
        result.video().ifPresent(video -> addFigures(video.tokens(), video.timings()));
      }
      case SKIPPED -> add(Metric.SKIPPED, 1);
      case FAILED -> add(Metric.FAILED, 1);
    }
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
    counts.accept(metric, amount);
  }
}
