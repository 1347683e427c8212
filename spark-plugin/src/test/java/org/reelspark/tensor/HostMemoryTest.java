package org.reelspark.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
  private static final long BYTES = 12_345;
  private static final long LEAKED = 64L << 20;

  @Test
  void closedMemoryIsNoLongerCounted() {
    long before = HostMemory.unclosedBytes();

    HostMemory memory = HostMemory.allocate(BYTES);
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before + BYTES);

    memory.close();
    memory.close();
    assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
  }

  @Test
  void memoryThatTheCollectorFreedStaysUnclosed() throws InterruptedException {
    long before = HostMemory.unclosedBytes();

    WeakReference<HostMemory> leaked = leak();
    long allocated = HostMemory.allocatedBytes();
    collect(leaked);
    awaitAllocated(allocated - LEAKED);

    assertThat(HostMemory.unclosedBytes()).isEqualTo(before + LEAKED);
  }

  private static WeakReference<HostMemory> leak() {
    HostMemory memory = HostMemory.allocate(LEAKED);
    Reference.reachabilityFence(memory);
    return new WeakReference<>(memory);
  }

  private static void collect(WeakReference<HostMemory> leaked) throws InterruptedException {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(30));
    while (leaked.get() != null && Instant.now().isBefore(deadline)) {
      System.gc();
      Thread.sleep(5);
    }
    assertThat(leaked.get()).isNull();
  }

  /** What other tests left may be freed too. */
  private static void awaitAllocated(long mostBytes) throws InterruptedException {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(30));
    while (HostMemory.allocatedBytes() > mostBytes && Instant.now().isBefore(deadline)) {
      Thread.sleep(5);
    }
    assertThat(HostMemory.allocatedBytes()).isLessThanOrEqualTo(mostBytes);
  }
}
