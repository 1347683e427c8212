package org.reelspark.jobs;

import org.reelspark.spark.GenerationProgress;

/** Shows a person how far a job has come. */
interface ProgressDisplay extends AutoCloseable {
  /** Called every half second or so. */
  void show(GenerationProgress progress);

  /** Leaves the terminal ready for other output. */
  @Override
  void close();

  /** A bar where there is a terminal to draw on, else lines. */
  static ProgressDisplay open(RunPlan plan) {
    TimeLeft timeLeft = new TimeLeft(plan.work(), System::nanoTime);
    if (System.console() == null) {
      return new ProgressLines(System.err, System::nanoTime, plan.rows(), plan.steps(), timeLeft);
    }
    return new ProgressBarDisplay(plan.rows(), plan.steps(), timeLeft);
  }
}
