package org.reelspark.generate;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * Lets one thread at a time use a device, first come, first served. A single video keeps the whole
 * device busy, so a second one at the same time would only cost memory.
 */
public final class DeviceGate {
  private static final long CANCELLATION_POLL_MILLIS = 100;

  private final Semaphore turn = new Semaphore(1, true);

  /** Waits for a turn, then runs {@code work} alone. */
  public <T> T exclusively(Cancellation cancellation, Supplier<T> work) {
    awaitTurn(cancellation);
    try {
      return work.get();
    } finally {
      turn.release();
    }
  }

  /** Threads that wait for their turn. */
  public int queueLength() {
    return turn.getQueueLength();
  }

  private void awaitTurn(Cancellation cancellation) {
    try {
      do {
        cancellation.check();
      } while (!turn.tryAcquire(CANCELLATION_POLL_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancellation.check();
      throw new ReelsparkException(
          ErrorCode.CANCELLED, "interrupted while waiting for the device", e);
    }
  }
}
