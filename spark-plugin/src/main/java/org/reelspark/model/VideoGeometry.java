package org.reelspark.model;

import org.reelspark.attention.Grid;
import org.reelspark.tensor.Shape;

/**
 * What a requested size means inside the model.
 *
 * @param latentChannels channels of the latents
 * @param grid tokens of self-attention
 */
public record VideoGeometry(
    int width,
    int height,
    int frames,
    int latentChannels,
    int latentFrames,
    int latentHeight,
    int latentWidth,
    Grid grid) {

  /** {@code [C, F, H, W]}. */
  public Shape latentShape() {
    return Shape.of(latentChannels, latentFrames, latentHeight, latentWidth);
  }
}
