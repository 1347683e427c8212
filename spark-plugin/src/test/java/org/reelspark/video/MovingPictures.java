package org.reelspark.video;

import java.nio.ByteBuffer;

/** Clips drawn for tests: a saturated disc crosses a gradient. */
public final class MovingPictures {
  private MovingPictures() {}

  public static Frames draw(int count, int width, int height) {
    ByteBuffer rgb = ByteBuffer.allocateDirect(3 * count * width * height);
    double radius = 0.2 * Math.min(width, height);
    for (int frame = 0; frame < count; frame++) {
      double centreX = width * (0.25 + 0.5 * frame / Math.max(1, count - 1));
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          double distance = Math.hypot(x - centreX, y - height / 2.0);
          double inside = Math.min(1, Math.max(0, radius - distance + 0.5));
          rgb.put(mix(inside, 230, 60 + 100 * x / width));
          rgb.put(mix(inside, 26, 60 + 100 * y / height));
          rgb.put(mix(inside, 26, 115));
        }
      }
    }
    return new Frames(count, height, width, rgb.clear());
  }

  private static byte mix(double inside, double front, double back) {
    return (byte) Math.round(inside * front + (1 - inside) * back);
  }

  /** Peak signal-to-noise ratio in dB over the pixels that both clips have. */
  public static double psnr(Frames expected, Frames actual) {
    double squares = 0;
    long samples = 0;
    for (int frame = 0; frame < expected.count(); frame++) {
      for (int y = 0; y < expected.height(); y++) {
        for (int x = 0; x < 3 * expected.width(); x++) {
          int difference = sample(expected, frame, y, x) - sample(actual, frame, y, x);
          squares += (double) difference * difference;
          samples++;
        }
      }
    }
    return 10 * Math.log10(255.0 * 255.0 * samples / squares);
  }

  private static int sample(Frames frames, int frame, int y, int x) {
    return frames.rgb().get((frame * frames.height() + y) * 3 * frames.width() + x) & 0xff;
  }
}
