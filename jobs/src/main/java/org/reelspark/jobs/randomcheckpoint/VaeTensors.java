package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * The tensors of diffusers' {@code AutoencoderKLWan}, encoder included. A residual block adds half
 * of what it is given, and the pixels use the range of [-1, 1] without much clipping.
 */
final class VaeTensors {
  private static final int KERNEL = 3;
  private static final int COLOURS = 3;

  /** A gain that makes up for what SiLU leaves of unit values. */
  private static final double AFTER_ACTIVATION = 1.6;

  private static final double RESIDUAL = 0.5 * AFTER_ACTIVATION;
  private static final double PIXELS = 0.4 * AFTER_ACTIVATION;

  private final TensorList list = new TensorList();
  private final JsonNode config;
  private final boolean shortcuts;
  private final int latentChannels;
  private final int residualBlocks;

  private VaeTensors(JsonNode config) {
    this.config = config;
    shortcuts = config.path("is_residual").asBoolean(false);
    latentChannels = config.get("z_dim").intValue();
    residualBlocks = config.get("num_res_blocks").intValue();
  }

  static List<TensorSpec> of(JsonNode config) {
    VaeTensors tensors = new VaeTensors(config);
    int latents = tensors.latentChannels;
    tensors.encoder();
    tensors.pointwise("quant_conv", 2 * latents, 2 * latents);
    tensors.pointwise("post_quant_conv", latents, latents);
    tensors.decoder();
    return tensors.list.tensors();
  }

  private void encoder() {
    List<Integer> widths = widths(config.get("base_dim").intValue());
    int levels = widths.size();
    causal("encoder.conv_in", 1, widths.get(0), config.path("in_channels").asInt(COLOURS));
    // Without shortcuts, diffusers numbers the parts of all levels in one row.
    int part = 0;
    for (int level = 0; level < levels; level++) {
      int width = widths.get(level);
      int inputs = widths.get(Math.max(0, level - 1));
      String blocks = "encoder.down_blocks.";
      for (int i = 0; i < residualBlocks; i++) {
        String name = shortcuts ? level + ".resnets." + i : String.valueOf(part++);
        residualBlock(blocks + name, width, i == 0 ? inputs : width);
      }
      if (level < levels - 1) {
        String name = shortcuts ? level + ".downsampler" : String.valueOf(part++);
        resampling(blocks + name, width, width, halvesFrames(level) ? width : 0);
      }
    }
    int last = widths.get(levels - 1);
    middle("encoder.mid_block.", last);
    list.norm("encoder.norm_out.gamma", last, 1, 1, 1);
    causal("encoder.conv_out", AFTER_ACTIVATION, 2 * latentChannels, last);
  }

  private void decoder() {
    int base = config.path("decoder_base_dim").asInt(config.get("base_dim").intValue());
    List<Integer> ascending = widths(base);
    int levels = ascending.size();
    List<Integer> widths =
        IntStream.range(0, levels).mapToObj(i -> ascending.get(levels - 1 - i)).toList();
    causal("decoder.conv_in", 1, widths.get(0), latentChannels);
    middle("decoder.mid_block.", widths.get(0));
    int inputs = widths.get(0);
    for (int level = 0; level < levels; level++) {
      int width = widths.get(level);
      String block = "decoder.up_blocks." + level;
      for (int i = 0; i <= residualBlocks; i++) {
        residualBlock(block + ".resnets." + i, width, i == 0 ? inputs : width);
      }
      inputs = shortcuts ? width : width / 2;
      if (level < levels - 1) {
        String name = block + (shortcuts ? ".upsampler" : ".upsamplers.0");
        resampling(name, inputs, width, halvesFrames(levels - 2 - level) ? 2 * width : 0);
      }
    }
    int last = widths.get(levels - 1);
    list.norm("decoder.norm_out.gamma", last, 1, 1, 1);
    causal("decoder.conv_out", PIXELS, config.path("out_channels").asInt(COLOURS), last);
  }

  private List<Integer> widths(int base) {
    return StreamSupport.stream(config.get("dim_mult").spliterator(), false)
        .map(multiplier -> base * multiplier.intValue())
        .toList();
  }

  /** Whether a level of the encoder halves the frames, and its counterpart doubles them. */
  private boolean halvesFrames(int level) {
    return config.get("temperal_downsample").get(level).booleanValue();
  }

  private void middle(String prefix, int width) {
    String attention = prefix + "attentions.0.";
    list.norm(attention + "norm.gamma", width, 1, 1);
    list.layer(attention + "to_qkv", 1, 3L * width, width, 1, 1);
    list.layer(attention + "proj", RESIDUAL, width, width, 1, 1);
    residualBlock(prefix + "resnets.0", width, width);
    residualBlock(prefix + "resnets.1", width, width);
  }

  private void residualBlock(String name, int outputs, int inputs) {
    list.norm(name + ".norm1.gamma", inputs, 1, 1, 1);
    causal(name + ".conv1", AFTER_ACTIVATION, outputs, inputs);
    list.norm(name + ".norm2.gamma", outputs, 1, 1, 1);
    causal(name + ".conv2", RESIDUAL, outputs, outputs);
    if (inputs != outputs) {
      pointwise(name + ".conv_shortcut", outputs, inputs);
    }
  }

  /**
   * @param frameOutputs of the convolution along the frames, or 0 where there is none
   */
  private void resampling(String name, int outputs, int inputs, int frameOutputs) {
    list.layer(name + ".resample.1", 1, outputs, inputs, KERNEL, KERNEL);
    if (frameOutputs > 0) {
      list.layer(name + ".time_conv", 1, frameOutputs, inputs, KERNEL, 1, 1);
    }
  }

  private void causal(String name, double gain, int outputs, int inputs) {
    list.layer(name, gain, outputs, inputs, KERNEL, KERNEL, KERNEL);
  }

  private void pointwise(String name, int outputs, int inputs) {
    list.layer(name, 1, outputs, inputs, 1, 1, 1);
  }
}
