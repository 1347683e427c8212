package org.reelspark.generate;

import java.util.function.Function;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;

/** One loaded model that several threads take turns with. */
public final class SharedModel implements AutoCloseable {
  private final VideoModel model;
  private final DeviceGate gate;
  private boolean closed;

  /**
   * @param gate of the device that the model is on
   */
  public SharedModel(VideoModel model, DeviceGate gate) {
    this.model = model;
    this.gate = gate;
  }

  public ModelDescription description() {
    return model.description();
  }

  /** See {@link VideoModel#geometry}; needs no turn. */
  public VideoGeometry geometry(int width, int height, int frames) {
    return model.geometry(width, height, frames);
  }

  /**
   * Waits for a turn, then runs {@code work} alone with the model.
   *
   * @throws ReelsparkException CANCELLED when the model was closed meanwhile
   */
  public <T> T exclusively(Cancellation cancellation, Function<VideoModel, T> work) {
    return gate.exclusively(
        cancellation,
        () -> {
          if (closed) {
            throw new ReelsparkException(ErrorCode.CANCELLED, "the model was closed");
          }
          return work.apply(model);
        });
  }

  /** Waits for a turn, then frees the model. Idempotent. */
  @Override
  public void close() {
    gate.exclusively(
        Cancellation.NEVER,
        () -> {
          if (!closed) {
            closed = true;
            model.close();
          }
          return null;
        });
  }
}
