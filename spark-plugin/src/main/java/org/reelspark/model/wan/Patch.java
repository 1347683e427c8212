package org.reelspark.model.wan;

/** Latent frames, rows and columns that make one token. */
record Patch(int frames, int height, int width) {
  int volume() {
    return frames * height * width;
  }

  int[] sizes() {
    return new int[] {frames, height, width};
  }
}
