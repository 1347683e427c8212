package org.reelspark.generate;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;

/**
 * One loaded model that several threads take turns with, first come, first served. A single video
 * keeps the whole device busy, so a second one at the same time would only cost memory.
 */
public final class SharedModel implements AutoCloseable {
  private static final long CANCELLATION_POLL_MILLIS = 100;

  private final VideoModel model;
  private final Semaphore turn = new Semaphore(1, true);

  public SharedModel(VideoModel model) {
    this.model = model;
  }

  public ModelDescription description() {
    return model.description();
  }

  /** See {@link VideoModel#geometry}; needs no turn. */
  public VideoGeometry geometry(int width, int height, int frames) {
    return model.geometry(width, height, frames);
  }

  /** Waits for a turn, then runs {@code work} alone with the model. */
  public <T> T exclusively(Cancellation cancellation, Function<VideoModel, T> work) {
    awaitTurn(cancellation);
    try {
      return work.apply(model);
    } finally {
      turn.release();
    }
  }

  /** Threads that wait for the model. */
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
          ErrorCode.CANCELLED, "interrupted while waiting for the model", e);
    }
  }

  /** Waits for the thread that has its turn, then frees the model. */
  @Override
  public void close() {
    turn.acquireUninterruptibly();
    model.close();
  }
}
