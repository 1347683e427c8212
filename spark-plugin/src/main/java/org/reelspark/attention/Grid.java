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
    Math.toIntExact(Math.multiplyExact((long) frames * height, (long) width));
  }

  public int tokens() {
    return frames * height * width;
  }

  /**
   * Row-major index of a token.
   *
   * @throws IndexOutOfBoundsException when it lies outside the grid
   */
  public int index(int frame, int row, int column) {
    if (frame < 0 || frame >= frames || row < 0 || row >= height || column < 0 || column >= width) {
      throw new IndexOutOfBoundsException(
          "token (%d, %d, %d) lies outside the grid of %d x %d x %d"
              .formatted(frame, row, column, frames, height, width));
    }
    return (frame * height + row) * width + column;
  }
}
