package org.reelspark.backend.cpu;

import java.util.Arrays;

/** {@link AttentionKernel} without the Vector API, in loops that compilers vectorise themselves. */
final class PlainAttentionKernel implements AttentionKernel {
  @Override
  public void multiplyAdd(
      float[] a, int aOffset, int aStride, int rows, int depth, float[] b, float[] c) {
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < depth; k++) {
        addScaled(a[aOffset + row * aStride + k], b, k * GROUP, c, row * GROUP);
      }
    }
  }

  private static void addScaled(float factor, float[] x, int xOffset, float[] y, int yOffset) {
    for (int i = 0; i < GROUP; i++) {
      y[yOffset + i] += factor * x[xOffset + i];
    }
  }

  @Override
  public void maxima(float[] scores, int keys, float[] maxima) {
    Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
    for (int key = 0; key < keys; key++) {
      for (int i = 0; i < GROUP; i++) {
        float score = scores[key * GROUP + i];
        maxima[i] = score > maxima[i] ? score : maxima[i];
      }
    }
  }

  @Override
  public void weights(float[] scores, int keys, float[] shift, float[] sum) {
    for (int key = 0; key < keys; key++) {
      for (int i = 0; i < GROUP; i++) {
        int at = key * GROUP + i;
        scores[at] = (float) Math.exp((scores[at] - shift[i]) * Math.log(2));
        sum[i] += scores[at];
      }
    }
  }
}
