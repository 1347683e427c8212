package org.reelspark.jobs;

import org.reelspark.spark.GenerationProgress;

/** Shows a person how far a job has come. */
interface ProgressDisplay extends AutoCloseable {
  /** Called every half second or so. */
  void show(GenerationProgress progress);

  /** Leaves the terminal ready for other output. */
  @Override
  void close();

  /**
   * A bar where there is a terminal to draw on, else lines.
   *
   * @param videos rows of the job
   * @param steps sampler steps of all rows that are not done yet
   */
  static ProgressDisplay open(long videos, long steps) {
    if (System.console() == null) {
      return new ProgressLines(System.err, System::nanoTime, videos, steps);
    }
    return new ProgressBarDisplay(videos, steps);
  }
}
