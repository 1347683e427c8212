package org.reelspark.spark;

import java.util.HashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.plugin.PluginContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends an executor's figures to the driver every few seconds, because executors serve no pages.
 */
final class FiguresSender implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FiguresSender.class);
  private static final long INTERVAL_SECONDS = 2;

  private final PluginContext context;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "reelspark-figures");
            thread.setDaemon(true);
            return thread;
          });

  private FiguresSender(PluginContext context) {
    this.context = context;
  }

  static FiguresSender start(PluginContext context) {
    FiguresSender sender = new FiguresSender(context);
    sender.timer.scheduleWithFixedDelay(sender::send, 0, INTERVAL_SECONDS, TimeUnit.SECONDS);
    return sender;
  }

  private void send() {
    try {
      context.send(
          new FiguresMessage(
              context.executorID(), new HashMap<>(ExecutorFigures.instance().snapshot())));
    } catch (Exception | LinkageError e) {
      // The next ones carry the same sums, and a timer stops at what its task throws. Spark's
      // Scala code throws more than it declares; classes are missing while a JVM ends.
      LOG.debug("The driver did not take this executor's figures", e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    send();
  }
}
