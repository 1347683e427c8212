package org.reelspark.backend.cpu;

import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Where the patches of a latent video {@code [C, F, H, W]} lie inside one channel.
 *
 * @param offsets places of a patch's elements relative to its first, column fastest
 */
record PatchGrid(
    int channels,
    int height,
    int width,
    int patchFrames,
    int patchHeight,
    int patchWidth,
    int[] offsets) {

  /**
   * @throws IllegalArgumentException when the patch does not divide the latents, or the order does
   *     not name existing patches
   */
  static PatchGrid of(Tensor latents, int[] patch, int[] order) {
    Shape shape = latents.shape();
    Checks.size("dimensions of the latents", 4, shape.rank());
    Checks.size("dimensions of the patch", 3, patch.length);
    long patches = 1;
    for (int i = 0; i < 3; i++) {
      if (patch[i] < 1 || shape.size(i + 1) % patch[i] != 0) {
        throw new IllegalArgumentException(
            "patch size %d does not divide dimension %d of %s".formatted(patch[i], i + 1, shape));
      }
      patches *= shape.size(i + 1) / patch[i];
    }
    Checks.size("patches in the order", patches, order.length);
    for (int index : order) {
      if (index < 0 || index >= patches) {
        throw new IndexOutOfBoundsException("patch %d of %d".formatted(index, patches));
      }
    }
    int height = shape.intSize(2);
    int width = shape.intSize(3);
    int[] offsets = new int[patch[0] * patch[1] * patch[2]];
    int next = 0;
    for (int f = 0; f < patch[0]; f++) {
      for (int h = 0; h < patch[1]; h++) {
        for (int w = 0; w < patch[2]; w++) {
          offsets[next++] = (f * height + h) * width + w;
        }
      }
    }
    return new PatchGrid(shape.intSize(0), height, width, patch[0], patch[1], patch[2], offsets);
  }

  /** Place of the first element of a patch, given the patch's row-major index. */
  int start(int patchIndex) {
    int columns = width / patchWidth;
    int rows = height / patchHeight;
    int column = patchIndex % columns;
    int row = patchIndex / columns % rows;
    int frame = patchIndex / columns / rows;
    return (frame * patchFrames * height + row * patchHeight) * width + column * patchWidth;
  }
}
