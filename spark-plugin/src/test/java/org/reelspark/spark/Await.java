package org.reelspark.spark;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what comes by itself, and says what it found when it does not come. */
final class Await {
  private static final long SECONDS = 180;
  private static final long POLL_MILLIS = 20;

  private Await() {}

  /**
   * @param found what there is instead, for the message
   */
  static void until(BooleanSupplier condition, Supplier<String> found) throws InterruptedException {
    until(condition, found, new CompletableFuture<>());
  }

  /**
   * As above, for what a job must bring about before it ends.
   *
   * @throws java.util.concurrent.CompletionException the job's failure
   */
  static void until(BooleanSupplier condition, Supplier<String> found, CompletableFuture<?> job)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (true) {
      // What a job that has ended brought about is there to be seen.
      boolean ended = job.isDone();
      if (condition.getAsBoolean()) {
        return;
      }
      if (ended) {
        job.join();
        throw new AssertionError("the job has ended: " + found.get());
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("after %d s: %s".formatted(SECONDS, found.get()));
      }
      Thread.sleep(POLL_MILLIS);
    }
  }
}
