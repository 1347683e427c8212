package org.reelspark.spark;

import java.util.List;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationListener;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.PlannedGeneration;

/** Tells two listeners. */
record ListenerPair(GenerationListener first, GenerationListener second)
    implements GenerationListener {
  @Override
  public void started(PlannedGeneration plan) {
    first.started(plan);
    second.started(plan);
  }

  @Override
  public void stepStarted(int step, int steps) {
    first.stepStarted(step, steps);
    second.stepStarted(step, steps);
  }

  @Override
  public void retrying(GenerationError error, int attempt) {
    first.retrying(error, attempt);
    second.retrying(error, attempt);
  }

  @Override
  public void waited(long millis) {
    first.waited(millis);
    second.waited(millis);
  }

  @Override
  public void attended(List<AttentionStatistics> layers) {
    first.attended(layers);
    second.attended(layers);
  }

  @Override
  public void finished(GenerationResult result) {
    first.finished(result);
    second.finished(result);
  }
}
