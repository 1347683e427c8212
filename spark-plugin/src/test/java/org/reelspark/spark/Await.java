package org.reelspark.spark;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
   * @throws CompletionException the job's failure
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
        end(job);
        throw new AssertionError("the job has ended: " + found.get());
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("after %d s: %s".formatted(SECONDS, found.get()));
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  /**
   * Waits for the end of a job.
   *
   * @throws CompletionException the job's failure
   */
  static <T> T end(CompletableFuture<T> job) throws InterruptedException {
    try {
      return job.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("no end after %d s".formatted(SECONDS), e);
    }
  }
}
