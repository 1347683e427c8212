package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;

/**
 * Sizes of a Wan video decoder, from {@code vae/config.json} (diffusers' {@code AutoencoderKLWan}).
 *
 * @param widths channels of the up blocks from the latents to the pixels
 * @param latentChannels channels of the latents
 * @param residualBlocks residual blocks of an up block
 * @param doublesFrames for each up block but the last, whether its upsampling doubles frames too
 * @param latentsMean for each channel of the latents
 * @param latentsStd for each channel of the latents
 * @param shortcuts whether up blocks have shortcuts, as Wan 2.2 has
 * @param patch pixels that the decoder's output has side by side in its channels: 1 for Wan 2.1, 2
 *     for Wan 2.2
 */
record WanVaeConfig(
    List<Integer> widths,
    int latentChannels,
    int residualBlocks,
    List<Boolean> doublesFrames,
    List<Float> latentsMean,
    List<Float> latentsStd,
    boolean shortcuts,
    int patch) {
  /** Colours of a pixel. */
  static final int COLOURS = 3;

  /** Far beyond any model, and small enough to count with. */
  private static final int MOST_CHANNELS = 1 << 20;

  WanVaeConfig {
    widths = List.copyOf(widths);
    doublesFrames = List.copyOf(doublesFrames);
    latentsMean = List.copyOf(latentsMean);
    latentsStd = List.copyOf(latentsStd);
  }

  /**
   * @throws ReelsparkException CHECKPOINT_INVALID
   */
  static WanVaeConfig read(JsonConfig config) {
    int baseWidth =
        config.positiveInteger("decoder_base_dim", config.positiveInteger("base_dim", 96));
    List<Integer> multipliers = config.integers("dim_mult");
    if (multipliers.isEmpty()
        || multipliers.stream().anyMatch(m -> m < 1 || m > MOST_CHANNELS / baseWidth)) {
      throw config.invalid(
          "dim_mult", "integers from 1 that make at most %d channels".formatted(MOST_CHANNELS));
    }
    List<Integer> widths = reversed(multipliers).stream().map(m -> baseWidth * m).toList();
    List<Boolean> doublesFrames = reversed(config.flags("temperal_downsample"));
    if (doublesFrames.size() != widths.size() - 1) {
      throw config.invalid(
          "temperal_downsample", "%d flags, one less than dim_mult".formatted(widths.size() - 1));
    }
    boolean shortcuts = config.flag("is_residual", false);
    int patch = config.positiveInteger("patch_size", 1);
    if (config.positiveInteger("out_channels", COLOURS) != COLOURS * patch * patch) {
      throw config.invalid("out_channels", "%d by patch_size".formatted(COLOURS * patch * patch));
    }
    int latentChannels = config.positiveInteger("z_dim");
    WanVaeConfig sizes =
        new WanVaeConfig(
            widths,
            latentChannels,
            config.positiveInteger("num_res_blocks"),
            doublesFrames,
            latentStatistics(config, "latents_mean", latentChannels),
            latentStatistics(config, "latents_std", latentChannels),
            shortcuts,
            patch);
    sizes.requireFittingWidths(config);
    requireFactor(config, "scale_factor_temporal", sizes.frameFactor());
    requireFactor(config, "scale_factor_spatial", sizes.pictureFactor());
    return sizes;
  }

  /** Upsampling halves the width in Wan 2.1; shortcuts repeat channels a whole number of times. */
  private void requireFittingWidths(JsonConfig config) {
    for (int block = 0; block < upBlocks() - 1; block++) {
      int copies = doublesFrames.get(block) ? 8 : 4;
      if (shortcuts && copies * widths.get(block) % inputWidth(block) != 0) {
        throw config.invalid("dim_mult", "multiples whose neighbours divide each other");
      }
      if (!shortcuts && widths.get(block) % 2 != 0) {
        throw config.invalid("dim_mult", "multiples that make even numbers of channels");
      }
    }
  }

  private static List<Float> latentStatistics(JsonConfig config, String key, int channels) {
    List<Float> values = config.floats(key);
    if (values.size() != channels) {
      throw config.invalid(key, "%d numbers, one for each of z_dim".formatted(channels));
    }
    return values;
  }

  private static void requireFactor(JsonConfig config, String key, int factor) {
    if (config.positiveInteger(key, factor) != factor) {
      throw config.invalid(
          key, "%d by dim_mult, temperal_downsample and patch_size".formatted(factor));
    }
  }

  private static <T> List<T> reversed(List<T> list) {
    List<T> copy = new ArrayList<>(list);
    Collections.reverse(copy);
    return copy;
  }

  /** Up blocks, of which all but the last end in an upsampling. */
  int upBlocks() {
    return widths.size();
  }

  /** Width of the middle block and of the first up block's input. */
  int middleWidth() {
    return widths.get(0);
  }

  /** Channels that an up block is given. */
  int inputWidth(int block) {
    int previous = widths.get(Math.max(0, block - 1));
    return block > 0 && !shortcuts ? previous / 2 : previous;
  }

  /** Frames that a latent frame, but the first, becomes. */
  int frameFactor() {
    return 1 << (int) doublesFrames.stream().filter(doubles -> doubles).count();
  }

  /** Pixels along a side that a latent pixel becomes. */
  int pictureFactor() {
    return patch << (upBlocks() - 1);
  }
}
