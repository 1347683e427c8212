package org.reelspark.generate;

import org.reelspark.video.Frames;
import org.reelspark.video.VideoFormat;

/** Makes files of frames. */
public interface FrameEncoder {
  /** A whole video file. */
  byte[] encode(Frames frames, double framesPerSecond, VideoFormat format);

  /** A PNG with some of the frames. */
  byte[] preview(Frames frames);
}
