package org.reelspark.jobs.judge;

import java.nio.ByteBuffer;
import org.reelspark.video.Frames;

/** Draws clips as their captions ask, as the sample model's training data was drawn. */
final class ClipRenderer {
  private ClipRenderer() {}

  static Frames render(Clip clip, int frames, int side) {
    ByteBuffer rgb = ByteBuffer.allocateDirect(3 * frames * side * side);
    for (int frame = 0; frame < frames; frame++) {
      float time = (float) frame / (frames - 1) - 0.5f;
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          float coverage =
              coverage(clip, time, (column + 0.5f) / side - 0.5f, (row + 0.5f) / side - 0.5f, side);
          for (int channel = 0; channel < 3; channel++) {
            float level =
                coverage * clip.colour().part(channel) + (1 - coverage) * clip.background().level();
            rgb.put((byte) Math.round(level * 255));
          }
        }
      }
    }
    return new Frames(frames, side, side, rgb.flip());
  }

  /** How much of the pixel at (x, y), in picture widths from the middle, the object covers. */
  private static float coverage(Clip clip, float time, float x, float y, int side) {
    float radius = clip.size() == Clip.Size.LARGE ? 0.23f : 0.16f;
    float way = time * (clip.speed() == Clip.Speed.SLOW ? 0.24f : 0.44f);
    float distance =
        clip.outline()
            .signedDistance(x - way * clip.direction().x(), y - way * clip.direction().y(), radius);
    return Math.max(0, Math.min(1, 0.5f - distance * side));
  }
}
