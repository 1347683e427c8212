package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerPoolTest {
  @ParameterizedTest
  @CsvSource({"1,0", "1,5", "2,1", "3,2", "4,1000"})
  void runsEveryTileOnce(int threads, int tiles) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(tiles);
      pool.forEachTile(tiles, (worker, tile) -> runs.incrementAndGet(tile));
      for (int tile = 0; tile < tiles; tile++) {
        assertThat(runs.get(tile)).isEqualTo(1);
      }
    }
  }

  @Test
  void cutsARangeIntoTilesOfFixedSize() {
    try (WorkerPool pool = new WorkerPool(2)) {
      Set<String> ranges = Collections.synchronizedSet(new HashSet<>());
      pool.forEachRange(25, 10, (worker, from, to) -> ranges.add(from + "-" + to));
      assertThat(ranges).containsExactlyInAnyOrder("0-10", "10-20", "20-25");
    }
  }

  @Test
  void runsOnAllThreadsAtOnce() {
    try (WorkerPool pool = new WorkerPool(3)) {
      CountDownLatch together = new CountDownLatch(3);
      boolean[] met = new boolean[3];
      pool.forEachTile(
          3,
          (worker, tile) -> {
            together.countDown();
            met[worker.index()] = awaits(together);
          });
      assertThat(met).containsOnly(true);
    }
  }

  private static boolean awaits(CountDownLatch latch) {
    try {
      return latch.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      return false;
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "3"})
  void passesAFailureOnAndGoesOnWorking(int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  pool.forEachTile(
                      100,
                      (worker, tile) -> {
                        if (tile == 50) {
                          throw new IllegalStateException("tile 50");
                        }
                      }))
          .withMessage("tile 50");
      int[] sum = new int[threads];
      pool.forEachTile(100, (worker, tile) -> sum[worker.index()] += tile);
      assertThat(Arrays.stream(sum).sum()).isEqualTo(4950);
    }
  }

  @Test
  void finishesWhenInterruptedAndKeepsTheInterrupt() {
    try (WorkerPool pool = new WorkerPool(2)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(100);
      Thread.currentThread().interrupt();
      pool.forEachTile(100, (worker, tile) -> runs.incrementAndGet(tile));
      assertThat(Thread.interrupted()).isTrue();
      for (int tile = 0; tile < 100; tile++) {
        assertThat(runs.get(tile)).isEqualTo(1);
      }
    }
  }
}
