package org.reelspark.video;

import java.nio.ByteBuffer;

/**
 * Decoded pictures.
 *
 * @param rgb {@code [count, height, width, 3]}, 8 bits a channel, direct buffer of exactly that
 *     size
 */
public record Frames(int count, int height, int width, ByteBuffer rgb) {
  public Frames {
    long bytes = 3L * count * height * width;
    if (rgb.capacity() != bytes) {
      throw new IllegalArgumentException(
          "%d frames of %d x %d need %d bytes, found %d"
              .formatted(count, width, height, bytes, rgb.capacity()));
    }
  }
}
