package org.reelspark.video;

import java.util.Map;

/**
 * How FFmpeg writes one format.
 *
 * @param container FFmpeg's name of the muxer
 * @param codec FFmpeg's name of the encoder
 * @param filters filter chain from RGB pictures to what the encoder takes
 * @param codecOptions all with one thread, so that equal frames give equal bytes
 * @param picturesInASegment at most; segments are encoded at the same time, by an encoder each
 */
record EncodingRecipe(
    String container,
    String codec,
    String filters,
    Map<String, String> codecOptions,
    Map<String, String> containerOptions,
    int picturesInASegment) {

  /** 4:2:0 video of BT.709 colours in limited range; both sides are even. */
  private static final String TO_VIDEO_COLOURS =
      "scale=flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
          + ":out_color_matrix=bt709:out_range=limited:out_chroma_loc=left,format=yuv420p";

  /** Moves the index to the front, so that players start before they have the whole file. */
  private static final Map<String, String> MP4_OPTIONS = Map.of("movflags", "+faststart");

  /** Few enough for all processors to have some, enough for the price of a key frame. */
  private static final int PICTURES_BETWEEN_KEY_FRAMES = 24;

  private static final int ALL_PICTURES = Integer.MAX_VALUE;

  static EncodingRecipe of(VideoFormat format, int width, int height) {
    return switch (format) {
      case MP4_H264 ->
          new EncodingRecipe(
              "mp4",
              "libopenh264",
              toEvenSize(width, height) + TO_VIDEO_COLOURS,
              Map.of(
                  "threads", "1",
                  "profile", "high",
                  "rc_mode", "quality",
                  "qmin", "16",
                  "qmax", "20",
                  "allow_skip_frames", "0"),
              MP4_OPTIONS,
              PICTURES_BETWEEN_KEY_FRAMES);
      case MP4_AV1 ->
          new EncodingRecipe(
              "mp4",
              "libsvtav1",
              toEvenSize(width, height) + TO_VIDEO_COLOURS,
              Map.of("threads", "1", "preset", "8", "crf", "20", "svtav1-params", "lp=1"),
              MP4_OPTIONS,
              PICTURES_BETWEEN_KEY_FRAMES);
      case GIF ->
          new EncodingRecipe(
              "gif",
              "gif",
              "split[pictures][colours];[colours]palettegen=stats_mode=full[palette];"
                  + "[pictures][palette]paletteuse=dither=bayer:bayer_scale=4",
              Map.of("threads", "1"),
              Map.of("loop", "0"),
              ALL_PICTURES);
      case WEBP ->
          new EncodingRecipe(
              "webp",
              "libwebp_anim",
              "format=bgra",
              Map.of("threads", "1", "quality", "85"),
              Map.of("loop", "0"),
              ALL_PICTURES);
    };
  }

  /** Repeats the last column or row where a side is odd: 4:2:0 halves both sides. */
  private static String toEvenSize(int width, int height) {
    int right = width % 2;
    int bottom = height % 2;
    if (right + bottom == 0) {
      return "";
    }
    return "pad=iw+%1$d:ih+%2$d,fillborders=right=%1$d:bottom=%2$d:mode=smear,"
        .formatted(right, bottom);
  }
}
