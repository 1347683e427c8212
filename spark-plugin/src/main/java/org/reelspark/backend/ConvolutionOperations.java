package org.reelspark.backend;

import org.reelspark.tensor.Tensor;

/** Convolutions over channels-last video {@code [frames, height, width, channels]}. */
public interface ConvolutionOperations {
  /**
   * Causal convolution: zero padding that keeps height and width; in time, the {@code kernelFrames
   * - 1} frames before x. Kernel height and width are odd.
   *
   * @param history {@code [h, H, W, in]} with h &lt;= kernelFrames - 1, the frames just before x as
   *     they were before the convolution's own norm (missing ones count as zeros), or null
   * @param residual added to the result, same shape as out, or null; may be out itself
   * @param out {@code [T, H, W, out]}; must not overlap x or history
   */
  void convolve(Tensor x, Convolution convolution, Tensor history, Tensor residual, Tensor out);

  /**
   * Nearest upsampling by two in height and width, then a convolution with a 1-frame kernel.
   *
   * @param x {@code [T, H, W, in]}
   * @param out {@code [T, 2H, 2W, out]}; must not overlap x
   */
  void upsampleConvolve(Tensor x, Convolution convolution, Tensor out);

  /**
   * Splits channels into frames: {@code [T, H, W, 2C]} to {@code [2T, H, W, C]}, frame 2t taking
   * the first C channels of frame t. Out must not overlap x.
   */
  void interleaveFrames(Tensor x, Tensor out);

  /**
   * Wan 2.2's DupUp3D shortcut: repeats channels, then moves them into a factor of {@code
   * frameFactor} in time and two in height and width, drops the first {@code droppedFrames} frames
   * and adds the rest to out.
   *
   * @param x {@code [T, H, W, in]}
   * @param out {@code [T * frameFactor - droppedFrames, 2H, 2W, out]}, where {@code 4 * frameFactor
   *     * out} is a multiple of in
   */
  void duplicateUpsampleAdd(Tensor x, int frameFactor, int droppedFrames, Tensor out);

  /**
   * The Wan 2.2 VAE's last step: {@code [T, H, W, C * p * p]} to {@code [T, H * p, W * p, C]} with
   * channel order (c, column, row). Out must not overlap x.
   */
  void unpatchifyPixels(Tensor x, int patch, Tensor out);

  /**
   * {@code clamp(x / 2 + 0.5, 0, 1) * 255}, truncated as diffusers' video export does.
   *
   * @param x {@code [T, H, W, 3]} in [-1, 1]
   * @param out U8 of the same shape
   */
  void toRgb(Tensor x, Tensor out);
}
