package org.reelspark.jobs;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.reelspark.spark.VideoGenerator;

/** Brings a generator's progress to a display until closed. */
final class ProgressMonitor implements AutoCloseable {
  private static final long POLL_MILLIS = 500;

  private final VideoGenerator generator;
  private final ProgressDisplay display;
  private final ScheduledExecutorService poller =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "reelspark-progress");
            thread.setDaemon(true);
            return thread;
          });

  private ProgressMonitor(VideoGenerator generator, ProgressDisplay display) {
    this.generator = generator;
    this.display = display;
  }

  static ProgressMonitor start(VideoGenerator generator, ProgressDisplay display) {
    ProgressMonitor monitor = new ProgressMonitor(generator, display);
    monitor.poller.scheduleWithFixedDelay(
        () -> display.show(generator.progress()), 0, POLL_MILLIS, TimeUnit.MILLISECONDS);
    return monitor;
  }

  /** Shows the last state and ends the display. */
  @Override
  public void close() {
    poller.shutdown();
    try {
      poller.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    display.show(generator.progress());
    display.close();
  }
}
