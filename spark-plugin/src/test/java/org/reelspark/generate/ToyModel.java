package org.reelspark.generate;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.attention.Grid;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.DenoiseObserver;
import org.reelspark.model.DenoiseRequest;
import org.reelspark.model.DenoiseResult;
import org.reelspark.model.DenoiseState;
import org.reelspark.model.GenerationDefaults;
import org.reelspark.model.ModelDescription;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.VideoGeometry;
import org.reelspark.model.VideoModel;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * A model without weights that paints seed and prompt as a colour, and can be told to fail. It
 * stands in where a test needs failures that a real model does not make on demand.
 */
public final class ToyModel implements VideoModel {
  static final int DEFAULT_SIDE = 32;
  static final int DEFAULT_FRAMES = 5;

  private final AtomicInteger denoised = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final ModelDescription description;
  private Runnable beforeDenoise = () -> {};

  private ToyModel(ModelDescription description) {
    this.description = description;
  }

  static ToyModel create() {
    return new ToyModel(description("d0", Optional.empty()));
  }

  public static ToyModel withDigest(String digest) {
    return new ToyModel(description(digest, Optional.empty()));
  }

  static ModelDescription description(String digest, Optional<AttentionProfile> profile) {
    return new ModelDescription(
        "toy",
        digest,
        1,
        1,
        8,
        new GenerationDefaults(DEFAULT_SIDE, DEFAULT_SIDE, DEFAULT_FRAMES, 3, 2f, 8),
        profile);
  }

  ToyModel beforeDenoise(Runnable action) {
    beforeDenoise = action;
    return this;
  }

  /** How often the sampler was started. */
  int denoised() {
    return denoised.get();
  }

  /** How often the model was closed. */
  public int closed() {
    return closed.get();
  }

  @Override
  public ModelDescription description() {
    return description;
  }

  @Override
  public String arithmetic() {
    return "toy";
  }

  @Override
  public VideoGeometry geometry(int width, int height, int frames) {
    if (width % 8 != 0 || height % 8 != 0 || frames % 4 != 1) {
      throw new ReelsparkException(
          ErrorCode.INVALID_SIZE,
          "not a size of the toy: %d %d %d".formatted(width, height, frames));
    }
    Grid grid = new Grid((frames + 3) / 4, height / 8, width / 8);
    return new VideoGeometry(
        width, height, frames, 1, grid.frames(), grid.height(), grid.width(), grid);
  }

  @Override
  public TextEmbedding encodeText(String prompt) {
    return new TextEmbedding(
        Tensor.ofFloats(Shape.of(1, 1), Math.floorMod(prompt.hashCode(), 256)), 1);
  }

  @Override
  public DenoiseResult denoise(
      DenoiseRequest request,
      Optional<DenoiseState> start,
      TextEmbedding prompt,
      TextEmbedding negative,
      DenoiseObserver observer) {
    denoised.incrementAndGet();
    int firstStep = start.map(DenoiseState::stepsDone).orElse(0);
    for (int step = firstStep; step < request.steps(); step++) {
      observer.beforeStep(step, request.steps());
      int stepsDone = step + 1;
      observer.afterStep(
          stepsDone,
          request.steps(),
          () ->
              new DenoiseState(
                  "toy", stepsDone, List.of(new float[] {stepsDone}), AttentionStatistics.NONE));
    }
    beforeDenoise.run();
    VideoGeometry geometry = request.geometry();
    return new DenoiseResult(
        Tensor.ofFloats(
            Shape.of(5),
            geometry.frames(),
            geometry.height(),
            geometry.width(),
            Math.floorMod(request.seed(), 256),
            prompt.states().toFloats()[0]),
        new AttentionStatistics(4, 3, 0),
        0);
  }

  @Override
  public Tensor decode(Tensor latents) {
    float[] values = latents.toFloats();
    Tensor rgb =
        Tensor.allocateHost(
            DType.U8, Shape.of((long) values[0], (long) values[1], (long) values[2], 3));
    for (long pixel = 0; pixel < rgb.rows(); pixel++) {
      int start = (int) (3 * pixel);
      rgb.buffer().put(start, (byte) values[3]).put(start + 1, (byte) values[4]);
      rgb.buffer().put(start + 2, (byte) 0);
    }
    return rgb;
  }

  @Override
  public void close() {
    closed.incrementAndGet();
  }
}
