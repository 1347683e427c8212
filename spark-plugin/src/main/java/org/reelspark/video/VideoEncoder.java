package org.reelspark.video;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Turns pictures into the bytes of a video file. Equal pictures give equal bytes. */
public final class VideoEncoder {
  private static final double FASTEST_FRAME_RATE = 240;

  private VideoEncoder() {}

  /**
   * Encodes pictures. Both mp4 formats hold 4:2:0 video of BT.709 colours in limited range with the
   * index in front; they repeat the last column or row of an odd size, so that both sides are even.
   * GIF and WebP repeat for ever.
   *
   * @param framesPerSecond in (0, 240]
   * @return the whole file
   * @throws ReelsparkException INVALID_OPTION for a frame rate out of range, VIDEO_ENCODING_FAILED
   *     with FFmpeg's reason
   */
  public static byte[] encode(Frames frames, double framesPerSecond, VideoFormat format) {
    if (!(framesPerSecond > 0 && framesPerSecond <= FASTEST_FRAME_RATE)) {
      throw new ReelsparkException(
          ErrorCode.INVALID_OPTION,
          "frames per second must be in (0, %s], found %s"
              .formatted(FASTEST_FRAME_RATE, framesPerSecond));
    }
    Ffmpeg.load();
    try {
      // A file, because the mp4 index moves to the front in a second pass over what was written.
      Path file = Files.createTempFile("reelspark-", "." + format.extension());
      EncodingRecipe recipe = EncodingRecipe.of(format, frames.width(), frames.height());
      try {
        encode(frames, Ffmpeg.rational(framesPerSecond), recipe, file);
        return Files.readAllBytes(file);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new ReelsparkException(
          ErrorCode.VIDEO_ENCODING_FAILED,
          "cannot write a temporary file in %s: %s; free some space, or name another directory by -Djava.io.tmpdir"
              .formatted(System.getProperty("java.io.tmpdir"), e.getMessage()),
          e);
    }
  }

  private static void encode(
      Frames frames, AVRational framesPerSecond, EncodingRecipe recipe, Path file) {
    try (FileMuxer muxer = new FileMuxer(recipe, file);
        EncodedSegments segments =
            EncodedSegments.encode(frames, framesPerSecond, recipe, muxer.encoderFlags())) {
      segments.writeTo(muxer);
      muxer.finish();
    }
  }
}
