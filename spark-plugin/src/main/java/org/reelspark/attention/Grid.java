package org.reelspark.attention;

/**
 * The token grid of a video (or, with one frame, an image; with one row too, a text).
 *
 * @param frames latent frames after patching
 * @param height rows of tokens
 * @param width columns of tokens, the fastest index
 */
public record Grid(int frames, int height, int width) {
  public Grid {
    if (frames < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "grid sizes must be positive, found %d x %d x %d".formatted(frames, height, width));
    }
    Math.toIntExact((long) frames * height * width);
  }

  public int tokens() {
    return frames * height * width;
  }
}
