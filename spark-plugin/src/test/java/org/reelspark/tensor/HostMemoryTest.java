package org.reelspark.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
  private static final long BYTES = 12_345;
  // More than any other test leaves behind, so that its end shows among theirs.
  private static final long LEAKED = 4L << 30;

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

    collect(leak());
    awaitAllocatedBelow(LEAKED);

    assertThat(HostMemory.unclosedBytes()).isEqualTo(before + LEAKED);
  }

  private static WeakReference<HostMemory> leak() {
    HostMemory memory = HostMemory.allocate(LEAKED);
    assertThat(HostMemory.allocatedBytes()).isGreaterThanOrEqualTo(LEAKED);
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

  private static void awaitAllocatedBelow(long byteSize) throws InterruptedException {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(30));
    while (HostMemory.allocatedBytes() >= byteSize && Instant.now().isBefore(deadline)) {
      Thread.sleep(5);
    }
    assertThat(HostMemory.allocatedBytes()).isLessThan(byteSize);
  }
}
