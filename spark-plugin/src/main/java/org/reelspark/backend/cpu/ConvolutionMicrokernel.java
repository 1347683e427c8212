package org.reelspark.backend.cpu;

/**
 * The inner loop of {@link DirectConvolution}: multiplies a row of pixels by a row of the kernel,
 * for three outputs of each pixel at once, so that each input that is loaded serves three products.
 */
interface ConvolutionMicrokernel {
  /** Pixels of a group. */
  int pixels();

  /** Output channels of a block. */
  int channels();

  /**
   * {@code sums[offset_k + p * sumStride + n] += sum_i x[p * xStride + i] * weights[i, k, n]} for
   * the three outputs k, all pixels p of all groups, and the channels n of one block.
   *
   * @param xStride elements from one pixel to the next; less than {@code length} where their
   *     neighbourhoods overlap
   * @param length products of one sum
   */
  void accumulate(
      float[] x,
      int xOffset,
      int xStride,
      int length,
      float[] weights,
      int weightOffset,
      float[] sums,
      int sumOffsetA,
      int sumOffsetB,
      int sumOffsetC,
      int sumStride,
      int groups);

  /**
   * The one that fits the vector registers. Vectors of 16 floats come with 32 registers, and so do
   * those of ARM; vectors of 8 floats come with 16.
   */
  static ConvolutionMicrokernel fastest() {
    return VectorMemory.LANES == 8 ? new FourPixelMicrokernel() : new EightPixelMicrokernel();
  }
}
