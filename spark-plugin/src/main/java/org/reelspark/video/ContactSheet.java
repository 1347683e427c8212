package org.reelspark.video;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** A still picture of a whole video: evenly spaced frames side by side. */
public final class ContactSheet {
  private ContactSheet() {}

  /**
   * Draws evenly spaced frames, the first and the last among them, from left to right and top to
   * bottom.
   *
   * @param columns at least 1
   * @param rows at least 1
   * @return a PNG file of {@code columns * width} by {@code rows * height} pixels; cells past the
   *     number of frames stay black
   */
  public static byte[] png(Frames frames, int columns, int rows) {
    if (columns < 1 || rows < 1) {
      throw new IllegalArgumentException(
          "a contact sheet needs at least one column and one row, found %d and %d"
              .formatted(columns, rows));
    }
    BufferedImage sheet =
        new BufferedImage(
            columns * frames.width(), rows * frames.height(), BufferedImage.TYPE_INT_RGB);
    int cells = Math.min(columns * rows, frames.count());
    for (int cell = 0; cell < cells; cell++) {
      int frame = cells == 1 ? 0 : Math.round(cell * (frames.count() - 1f) / (cells - 1));
      int left = cell % columns * frames.width();
      int top = cell / columns * frames.height();
      sheet.setRGB(
          left, top, frames.width(), frames.height(), pixels(frames, frame), 0, frames.width());
    }
    return encode(sheet);
  }

  private static int[] pixels(Frames frames, int frame) {
    int[] pixels = new int[frames.width() * frames.height()];
    int start = 3 * pixels.length * frame;
    for (int i = 0; i < pixels.length; i++) {
      int red = frames.rgb().get(start + 3 * i) & 0xff;
      int green = frames.rgb().get(start + 3 * i + 1) & 0xff;
      int blue = frames.rgb().get(start + 3 * i + 2) & 0xff;
      pixels[i] = red << 16 | green << 8 | blue;
    }
    return pixels;
  }

  private static byte[] encode(BufferedImage sheet) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(sheet, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
