package org.reelspark.model.wan;

import java.util.List;
import java.util.function.Consumer;
import org.reelspark.backend.Backend;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The decoder of the Wan video autoencoder (diffusers' {@code AutoencoderKLWan}; Wan 2.1 and Wan
 * 2.2 forms): latents to pixels, in groups of latent frames so that memory is bounded.
 */
final class WanVaeDecoder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WanVaeDecoder.class);

  /** Bytes of intermediate results that a group of latent frames should stay below. */
  private static final long GROUP_BYTES = 512L << 20;

  /** Intermediate results of full size that are alive at once. */
  private static final int LIVE_TENSORS = 4;

  private final Backend backend;
  private final WanVaeConfig config;
  private final BackendWeights memory;
  private final WanVaeWeights weights;

  private WanVaeDecoder(
      Backend backend, WanVaeConfig config, BackendWeights memory, WanVaeWeights weights) {
    this.backend = backend;
    this.config = config;
    this.memory = memory;
    this.weights = weights;
  }

  /**
   * Loads the component {@code vae} of a checkpoint.
   *
   * @throws ReelsparkException CHECKPOINT_INVALID, MODEL_NOT_FOUND
   */
  static WanVaeDecoder load(Checkpoint checkpoint, Backend backend) {
    return load(checkpoint.config("vae"), checkpoint.weights("vae"), backend);
  }

  static WanVaeDecoder load(JsonConfig file, Weights files, Backend backend) {
    WanVaeConfig config = WanVaeConfig.read(file);
    BackendWeights memory = new BackendWeights(files, backend);
    try {
      WanVaeWeights weights = WanVaeWeights.load(config, memory);
      files.rejectUnused("encoder.", "quant_conv.");
      return new WanVaeDecoder(backend, config, memory, weights);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  WanVaeConfig config() {
    return config;
  }

  /**
   * Decodes latents to pixels.
   *
   * @param latents {@code [C, F, h, w]}, normalised
   * @return U8 {@code [frames, H, W, 3]} in host memory; the caller closes it
   * @throws ReelsparkException PIXELS_NOT_FINITE, OUT_OF_MEMORY when a single latent frame does not
   *     fit
   */
  Tensor decode(Tensor latents) {
    int factor = config.pictureFactor();
    long frames = (latents.shape().size(1) - 1) * config.frameFactor() + 1;
    Shape shape =
        Shape.of(
            frames,
            latents.shape().size(2) * factor,
            latents.shape().size(3) * factor,
            WanVaeConfig.COLOURS);
    Tensor pixels = Tensor.allocateHost(DType.U8, shape);
    try {
      decode(latents, pixels);
      return pixels;
    } catch (RuntimeException | Error e) {
      pixels.close();
      throw e;
    }
  }

  /**
   * Halves groups that do not fit, and starts again: groups of any size give the same pixels, and
   * what does not fit does so in the first ones.
   */
  private void decode(Tensor latents, Tensor pixels) {
    int groupFrames = groupFrames(config, latents.shape(), backend.pixelType());
    while (true) {
      try {
        decode(latents, groupFrames, new RgbWriter(backend, pixels));
        return;
      } catch (ReelsparkException e) {
        if (e.code() != ErrorCode.OUT_OF_MEMORY || groupFrames == 1) {
          throw e;
        }
        LOG.warn(
            "No room to decode {} latent frames at a time; starting again with {}: {}",
            groupFrames,
            groupFrames / 2,
            e.getMessage());
        groupFrames /= 2;
      }
    }
  }

  /**
   * Decodes latents group by group.
   *
   * @param groupFrames latent frames of a group
   * @param sink is given the next frames {@code [T, H, W, 3]}, about -1 to 1, valid during the call
   */
  void decode(Tensor latents, int groupFrames, Consumer<Tensor> sink) {
    long[] sizes = latents.shape().toArray();
    Shape shape = Shape.of(sizes[1], sizes[2], sizes[3], sizes[0]);
    try (Tensor video = backend.allocate(backend.pixelType(), shape);
        WanVaeStream stream = new WanVaeStream(backend, config, weights)) {
      backend.latentsToVideo(
          latents, array(config.latentsStd()), array(config.latentsMean()), video);
      for (long from = 0; from < sizes[1]; from += groupFrames) {
        sink.accept(stream.decode(video.slice(from, Math.min(sizes[1], from + groupFrames))));
      }
    }
  }

  private static float[] array(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }

  /** Latent frames that may be decoded at a time. */
  static int groupFrames(WanVaeConfig config, Shape latents, DType pixelType) {
    long pixels = latents.size(2) * latents.size(3);
    long largest = 0;
    int frames = 1;
    for (int block = 0; block < config.upBlocks(); block++) {
      long width = Math.max(config.widths().get(block), config.inputWidth(block));
      largest = Math.max(largest, frames * pixels * width);
      if (block < config.doublesFrames().size()) {
        frames *= config.doublesFrames().get(block) ? 2 : 1;
        pixels *= 4;
      }
    }
    long groups = GROUP_BYTES / (LIVE_TENSORS * pixelType.bytes() * largest);
    return (int) Math.max(1, Math.min(groups, latents.size(1)));
  }

  @Override
  public void close() {
    memory.close();
  }

  /** Writes groups of frames one after the other. */
  private static final class RgbWriter implements Consumer<Tensor> {
    private final Backend backend;
    private final Tensor pixels;
    private long written;

    RgbWriter(Backend backend, Tensor pixels) {
      this.backend = backend;
      this.pixels = pixels;
    }

    @Override
    public void accept(Tensor frames) {
      long end = written + frames.shape().size(0);
      if (!backend.isFinite(frames)) {
        throw new ReelsparkException(
            ErrorCode.PIXELS_NOT_FINITE,
            "the pixels of frames %d to %d became infinite or NaN in the decoder; %s; if every prompt fails, fetch the checkpoint again"
                .formatted(written, end - 1, remedy()));
      }
      backend.toRgb(frames, pixels.slice(written, end));
      written = end;
    }

    private String remedy() {
      return backend.pixelType() == DType.F16
          ? "video is f16 here, which ends at 65504: use the CPU backend, or another seed or prompt"
          : "use another seed or prompt";
    }
  }
}
