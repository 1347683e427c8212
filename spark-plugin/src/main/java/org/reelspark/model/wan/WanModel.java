package org.reelspark.model.wan;

import java.util.Optional;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.backend.Backend;
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
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.schedule.Scheduler;
import org.reelspark.model.schedule.SchedulerConfig;
import org.reelspark.model.text.TextEncoder;
import org.reelspark.tensor.Tensor;

/** Text-to-video models of the Wan family: 2.1, and 2.2 with two experts or its own VAE. */
public final class WanModel implements VideoModel {
  private static final GenerationDefaults WAN_2_1 = new GenerationDefaults(832, 480, 81, 50, 5, 16);

  /** Wan 2.2 TI2V: timesteps by token, a VAE of 16 x 16 x 4. */
  private static final GenerationDefaults WAN_2_2_BY_TOKEN =
      new GenerationDefaults(1280, 704, 121, 50, 5, 24);

  private final ModelDescription description;
  private final String arithmetic;
  private final WanSizes sizes;
  private final TextEncoder textEncoder;
  private final WanDenoiser denoiser;
  private final WanVaeDecoder decoder;
  private final LoadedParts parts;

  private WanModel(
      ModelDescription description,
      String arithmetic,
      WanSizes sizes,
      TextEncoder textEncoder,
      WanDenoiser denoiser,
      WanVaeDecoder decoder,
      LoadedParts parts) {
    this.description = description;
    this.arithmetic = arithmetic;
    this.sizes = sizes;
    this.textEncoder = textEncoder;
    this.denoiser = denoiser;
    this.decoder = decoder;
    this.parts = parts;
  }

  /**
   * Loads a checkpoint of diffusers' {@code WanPipeline}.
   *
   * @param profile what {@link #description()} offers to callers
   * @throws ReelsparkException MODEL_NOT_FOUND, MODEL_UNSUPPORTED, CHECKPOINT_INVALID,
   *     PROFILE_INVALID
   */
  public static WanModel load(
      Checkpoint checkpoint, Optional<AttentionProfile> profile, Backend backend) {
    LoadedParts parts = new LoadedParts();
    try {
      Scheduler scheduler =
          SchedulerConfig.read(checkpoint.json("scheduler", "scheduler_config.json"));
      TextEncoder textEncoder = TextEncoder.load(checkpoint, backend);
      parts.add(textEncoder::close);
      WanExperts experts = WanExperts.load(checkpoint, backend);
      parts.add(experts::close);
      WanVaeDecoder decoder = WanVaeDecoder.load(checkpoint, backend);
      parts.add(decoder::close);
      WanTransformerConfig transformer = experts.config();
      profile.ifPresent(p -> ProfiledSelfAttention.requireSize(p, transformer));
      requireMatchingParts(checkpoint, transformer, textEncoder, decoder.config());
      return new WanModel(
          description(checkpoint, transformer, profile),
          backend.arithmetic(),
          sizes(transformer, decoder.config()),
          textEncoder,
          new WanDenoiser(experts, scheduler, backend),
          decoder,
          parts);
    } catch (RuntimeException | Error e) {
      parts.close();
      throw e;
    }
  }

  private static void requireMatchingParts(
      Checkpoint checkpoint,
      WanTransformerConfig transformer,
      TextEncoder textEncoder,
      WanVaeConfig decoder) {
    if (transformer.textDimension() != textEncoder.width()) {
      throw checkpoint
          .config("transformer")
          .invalid("text_dim", "%d, the text encoder's d_model".formatted(textEncoder.width()));
    }
    if (transformer.inChannels() != decoder.latentChannels()) {
      throw checkpoint
          .config("transformer")
          .invalid("in_channels", "%d, the VAE's z_dim".formatted(decoder.latentChannels()));
    }
  }

  private static ModelDescription description(
      Checkpoint checkpoint, WanTransformerConfig transformer, Optional<AttentionProfile> profile) {
    boolean byToken = checkpoint.index().flag("expand_timesteps", false);
    boolean twoExperts = checkpoint.hasComponent("transformer_2");
    return new ModelDescription(
        byToken || twoExperts ? "wan2.2" : "wan2.1",
        checkpoint.digest(),
        transformer.layers(),
        transformer.heads(),
        transformer.headDimension(),
        checkpoint.generationDefaults(byToken ? WAN_2_2_BY_TOKEN : WAN_2_1),
        profile);
  }

  private static WanSizes sizes(WanTransformerConfig transformer, WanVaeConfig decoder) {
    return new WanSizes(
        transformer.patch(),
        decoder.latentChannels(),
        decoder.pictureFactor(),
        decoder.frameFactor(),
        transformer.maxPositions());
  }

  @Override
  public ModelDescription description() {
    return description;
  }

  @Override
  public String arithmetic() {
    return arithmetic;
  }

  @Override
  public VideoGeometry geometry(int width, int height, int frames) {
    return sizes.geometry(width, height, frames);
  }

  @Override
  public TextEmbedding encodeText(String prompt) {
    return textEncoder.encode(prompt);
  }

  @Override
  public DenoiseResult denoise(
      DenoiseRequest request,
      Optional<DenoiseState> start,
      TextEmbedding prompt,
      TextEmbedding negative,
      DenoiseObserver observer) {
    Tensor noise = denoiser.noise(request.geometry(), request.seed());
    return denoiser.run(request, start, prompt, negative, noise, observer);
  }

  @Override
  public Tensor decode(Tensor latents) {
    return decoder.decode(latents);
  }

  @Override
  public void close() {
    parts.close();
  }
}
