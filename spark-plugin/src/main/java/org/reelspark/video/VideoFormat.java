package org.reelspark.video;

/** Containers and codecs that a video can be written in. */
public enum VideoFormat {
  /** H.264 by openh264 in mp4. */
  MP4_H264("mp4", 16),
  /** AV1 by SVT-AV1 in mp4. */
  MP4_AV1("mp4", 4),
  GIF("gif", 1),
  WEBP("webp", 1);

  private final String extension;
  private final int leastSide;

  VideoFormat(String extension, int leastSide) {
    this.extension = extension;
    this.leastSide = leastSide;
  }

  /** Pixels that width and height must have at least for the encoder. */
  public int leastSide() {
    return leastSide;
  }

  /** File name extension without the dot. */
  public String extension() {
    return extension;
  }
}
