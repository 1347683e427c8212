package org.reelspark.jobs;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.reelspark.spark.GenerationProgress;

/** A line for each finished video, and one now and then while a video takes long. */
final class ProgressLines implements ProgressDisplay {
  private static final double LONGEST_SILENCE_SECONDS = 15;

  private final PrintStream out;
  private final LongSupplier nanoTime;
  private final long videos;
  private final long steps;
  private final TimeLeft timeLeft;
  private final long start;
  private double lastLineSeconds;
  private long lastFinished;

  ProgressLines(
      PrintStream out, LongSupplier nanoTime, long videos, long steps, TimeLeft timeLeft) {
    this.out = out;
    this.nanoTime = nanoTime;
    this.videos = videos;
    this.steps = steps;
    this.timeLeft = timeLeft;
    this.start = nanoTime.getAsLong();
  }

  @Override
  public void show(GenerationProgress progress) {
    timeLeft.observe(progress);
    double seconds = (nanoTime.getAsLong() - start) / (double) TimeUnit.SECONDS.toNanos(1);
    if (progress.finished() > lastFinished
        || seconds - lastLineSeconds >= LONGEST_SILENCE_SECONDS) {
      lastFinished = progress.finished();
      lastLineSeconds = seconds;
      out.println(line(progress, seconds));
    }
  }

  private String line(GenerationProgress progress, double seconds) {
    StringBuilder line = new StringBuilder();
    line.append(videos(progress, videos));
    line.append(", %d of %d steps".formatted(progress.steps(), steps));
    line.append(", ").append(Durations.text(seconds));
    return line.append(timeLeft.text()).toString();
  }

  /** Such as {@code 3 of 8 videos, 1 failed}. */
  static String videos(GenerationProgress progress, long videos) {
    String done = "%d of %d videos".formatted(progress.finished(), videos);
    return progress.failed() == 0 ? done : done + ", %d failed".formatted(progress.failed());
  }

  @Override
  public void close() {
    out.flush();
  }
}
