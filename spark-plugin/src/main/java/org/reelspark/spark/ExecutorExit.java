package org.reelspark.spark;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends an executor's process, so that Spark starts another. */
final class ExecutorExit {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorExit.class);

  /** Tells this exit from others in Spark's messages. */
  static final int DEVICE_FAILED = 20;

  private static final long PATIENCE_SECONDS = 20;

  private ExecutorExit() {}

  /**
   * Ends the process in good order, or without it when that takes too long: shutdown hooks may wait
   * for a device that never answers again.
   */
  static void leave(int exitCode) {
    Thread watchdog = new Thread(() -> haltLater(exitCode), "reelspark-exit");
    watchdog.setDaemon(true);
    watchdog.start();
    System.exit(exitCode);
  }

  private static void haltLater(int exitCode) {
    try {
      TimeUnit.SECONDS.sleep(PATIENCE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.error("The executor did not end within {} s: halting it", PATIENCE_SECONDS);
    Runtime.getRuntime().halt(exitCode);
  }
}
