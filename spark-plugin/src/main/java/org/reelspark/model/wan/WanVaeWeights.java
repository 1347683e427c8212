package org.reelspark.model.wan;

import java.util.ArrayList;
import java.util.List;
import org.reelspark.backend.Convolution;
import org.reelspark.backend.Linear;
import org.reelspark.model.checkpoint.BackendWeights;
import org.reelspark.tensor.Tensor;

/**
 * Weights of a Wan video decoder, owned by the {@link BackendWeights} that they were loaded
 * through. A norm belongs to the convolution that follows it.
 */
record WanVaeWeights(
    Linear afterQuantisation,
    Convolution in,
    ResidualBlock middleFirst,
    Attention attention,
    ResidualBlock middleLast,
    List<UpBlock> upBlocks,
    Convolution out) {

  /**
   * Two convolutions around which the input passes by.
   *
   * @param shortcut fits the input to the output's width, or null where they are equal
   */
  record ResidualBlock(Convolution first, Convolution second, Linear shortcut) {
    int outputs() {
      return second.outputs();
    }
  }

  /** Attention over the pixels of one frame. */
  record Attention(Tensor gamma, Linear query, Linear key, Linear value, Linear out) {}

  /**
   * @param upsampling null in the last block
   */
  record UpBlock(List<ResidualBlock> residualBlocks, Upsampling upsampling) {}

  /**
   * @param frames makes two frames of each, or null where frames stay as they are
   * @param picture follows the enlargement by two
   */
  record Upsampling(Convolution frames, Convolution picture) {}

  static WanVaeWeights load(WanVaeConfig config, BackendWeights weights) {
    WanVaeWeightLoader loader = new WanVaeWeightLoader(weights);
    int middle = config.middleWidth();
    List<UpBlock> upBlocks = new ArrayList<>();
    for (int i = 0; i < config.upBlocks(); i++) {
      upBlocks.add(upBlock(config, loader, i));
    }
    int last = config.widths().get(config.upBlocks() - 1);
    int colours = WanVaeConfig.COLOURS * config.patch() * config.patch();
    return new WanVaeWeights(
        loader.pointwise("post_quant_conv", config.latentChannels(), config.latentChannels()),
        loader.causal("decoder.conv_in", middle, config.latentChannels()),
        loader.residualBlock("decoder.mid_block.resnets.0", middle, middle),
        loader.attention("decoder.mid_block.attentions.0", middle),
        loader.residualBlock("decoder.mid_block.resnets.1", middle, middle),
        List.copyOf(upBlocks),
        loader.normed("decoder.norm_out", loader.causal("decoder.conv_out", colours, last)));
  }

  private static UpBlock upBlock(WanVaeConfig config, WanVaeWeightLoader loader, int index) {
    String prefix = "decoder.up_blocks." + index;
    int width = config.widths().get(index);
    List<ResidualBlock> residualBlocks = new ArrayList<>();
    // The decoder has one more than the encoder, whose number the configuration gives.
    for (int i = 0; i <= config.residualBlocks(); i++) {
      int inputs = i == 0 ? config.inputWidth(index) : width;
      residualBlocks.add(loader.residualBlock(prefix + ".resnets." + i, width, inputs));
    }
    Upsampling upsampling = null;
    if (index < config.upBlocks() - 1) {
      String name = prefix + (config.shortcuts() ? ".upsampler" : ".upsamplers.0");
      Convolution frames = null;
      if (config.doublesFrames().get(index)) {
        frames = loader.convolution(name + ".time_conv", 2 * width, width, 3, 1, 1);
      }
      int outputs = config.shortcuts() ? width : width / 2;
      upsampling = new Upsampling(frames, loader.picture(name + ".resample.1", outputs, width));
    }
    return new UpBlock(List.copyOf(residualBlocks), upsampling);
  }
}
