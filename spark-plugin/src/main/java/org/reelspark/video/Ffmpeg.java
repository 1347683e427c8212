package org.reelspark.video;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avfilter;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Loader;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** FFmpeg's libraries and the checks around their calls. */
final class Ffmpeg {
  /** Largest denominator of a frame rate: holds 24000/1001 exactly. */
  private static final int LARGEST_RATE_TERM = 1_001_000;

  private Ffmpeg() {}

  /**
   * Loads the native libraries once.
   *
   * @throws ReelsparkException VIDEO_ENCODING_FAILED on a platform that the jar has none for
   */
  static void load() {
    try {
      Loader.load(avformat.class);
      Loader.load(avcodec.class);
      Loader.load(avfilter.class);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      throw new ReelsparkException(
          ErrorCode.VIDEO_ENCODING_FAILED,
          "the video encoder has no native library for %s; put org.bytedeco:ffmpeg for that platform on the class path"
              .formatted(Loader.getPlatform()),
          e);
    }
    avutil.av_log_set_level(avutil.AV_LOG_ERROR);
  }

  /** Passes a non-negative result on and turns a negative one into an exception. */
  static int check(int result, String call) {
    if (result >= 0) {
      return result;
    }
    byte[] text = new byte[256];
    avutil.av_strerror(result, text, text.length);
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    throw failure("%s: %s".formatted(call, new String(text, 0, length, UTF_8)));
  }

  /** Passes a pointer on and turns null into an exception. */
  static <T> T checkNotNull(T pointer, String call) {
    if (pointer == null) {
      throw failure(call + " gave nothing");
    }
    return pointer;
  }

  static ReelsparkException failure(String cause) {
    return new ReelsparkException(
        ErrorCode.VIDEO_ENCODING_FAILED, "cannot encode the video: " + cause);
  }

  static AVRational rational(double value) {
    return avutil.av_d2q(value, LARGEST_RATE_TERM);
  }

  /** Fills an FFmpeg dictionary; FFmpeg allocates it, {@code av_dict_free} frees it. */
  static AVDictionary dictionary(Map<String, String> entries) {
    AVDictionary dictionary = new AVDictionary(null);
    entries.forEach(
        (key, value) -> check(avutil.av_dict_set(dictionary, key, value, 0), "option " + key));
    return dictionary;
  }

  /** Refuses options that FFmpeg left in the dictionary because it does not know them. */
  static void checkAllUsed(AVDictionary dictionary) {
    if (avutil.av_dict_count(dictionary) > 0) {
      throw failure("FFmpeg does not know all options of this format");
    }
  }
}
