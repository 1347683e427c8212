package org.reelspark.backend.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The threads of a backend. An operation is cut into tiles whose size does not depend on the number
 * of threads; each tile is computed by one thread, so results do not depend on it either. The
 * calling thread works too.
 */
final class WorkerPool implements AutoCloseable {
  /** Computes one tile. */
  @FunctionalInterface
  interface TileTask {
    void run(Worker worker, int tile);
  }

  /** Computes the elements {@code from} (inclusive) to {@code to} (exclusive). */
  @FunctionalInterface
  interface RangeTask {
    void run(Worker worker, long from, long to);
  }

  private static final AtomicInteger POOLS = new AtomicInteger();

  private final Worker[] workers;
  private final ExecutorService helpers;

  WorkerPool(int threads) {
    workers = new Worker[threads];
    for (int i = 0; i < threads; i++) {
      workers[i] = new Worker(i);
    }
    helpers = threads == 1 ? null : Executors.newFixedThreadPool(threads - 1, threadFactory());
  }

  private static ThreadFactory threadFactory() {
    int pool = POOLS.incrementAndGet();
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread =
          new Thread(task, "reelspark-cpu-%d-%d".formatted(pool, count.incrementAndGet()));
      thread.setDaemon(true);
      return thread;
    };
  }

  int threads() {
    return workers.length;
  }

  /** Runs tiles 0 to {@code tiles - 1}, each once, in any order; returns when all are done. */
  void forEachTile(int tiles, TileTask task) {
    int helping = Math.min(workers.length, tiles) - 1;
    if (helping <= 0) {
      for (int tile = 0; tile < tiles; tile++) {
        workers[0].run(task, tile);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(helping);
    for (int i = 1; i <= helping; i++) {
      Worker worker = workers[i];
      helpers.execute(
          () -> {
            work(worker, tiles, next, task, failure);
            done.countDown();
          });
    }
    work(workers[0], tiles, next, task, failure);
    awaitUninterruptibly(done);
    rethrow(failure.get());
  }

  /** Runs {@code count} elements in tiles of {@code tileSize}, the last one possibly smaller. */
  void forEachRange(long count, long tileSize, RangeTask task) {
    int tiles = Math.toIntExact((count + tileSize - 1) / tileSize);
    forEachTile(
        tiles,
        (worker, tile) -> {
          long from = tile * tileSize;
          task.run(worker, from, Math.min(count, from + tileSize));
        });
  }

  private static void work(
      Worker worker,
      int tiles,
      AtomicInteger next,
      TileTask task,
      AtomicReference<Throwable> failure) {
    try {
      for (int tile = next.getAndIncrement(); tile < tiles; tile = next.getAndIncrement()) {
        worker.run(task, tile);
      }
    } catch (Throwable t) {
      failure.compareAndSet(null, t);
      next.set(tiles);
    }
  }

  /** Helpers write to the caller's memory, so it may not go on before they have stopped. */
  private static void awaitUninterruptibly(CountDownLatch done) {
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void rethrow(Throwable failure) {
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  @Override
  public void close() {
    if (helpers != null) {
      helpers.shutdown();
    }
    for (Worker worker : workers) {
      worker.close();
    }
  }
}
