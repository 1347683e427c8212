package org.reelspark.video;

/** Containers and codecs that a video can be written in. */
public enum VideoFormat {
  /** H.264 by openh264 in mp4. */
  MP4_H264("mp4"),
  /** AV1 by SVT-AV1 in mp4. */
  MP4_AV1("mp4"),
  GIF("gif"),
  WEBP("webp");

  private final String extension;

  VideoFormat(String extension) {
    this.extension = extension;
  }

  /** File name extension without the dot. */
  public String extension() {
    return extension;
  }
}
