package org.reelspark.video;

import static org.reelspark.video.Ffmpeg.checkNotNull;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;

/**
 * Consecutive pictures of a video, encoded by themselves. Its first picture refers to no other, so
 * that segments may be encoded at the same time and written one after the other.
 */
final class EncodedSegment implements AutoCloseable {
  private final StreamEncoder encoder;
  private final List<AVPacket> packets = new ArrayList<>();

  /**
   * @param begin its first picture
   * @param end after its last picture
   */
  record Range(int begin, int end) {
    /** Ranges of nearly equal length that cover {@code count} pictures, at least one, in order. */
    static List<Range> split(int count, int longest) {
      int segments = (count - 1) / longest + 1;
      List<Range> ranges = new ArrayList<>();
      for (int segment = 0; segment < segments; segment++) {
        ranges.add(
            new Range(
                (int) ((long) count * segment / segments),
                (int) ((long) count * (segment + 1) / segments)));
      }
      return ranges;
    }
  }

  private EncodedSegment(StreamEncoder encoder) {
    this.encoder = encoder;
  }

  static EncodedSegment encode(
      Frames frames, Range range, AVRational framesPerSecond, EncodingRecipe recipe, int flags) {
    try (PictureFilter filter = new PictureFilter(frames, framesPerSecond, recipe.filters())) {
      EncodedSegment segment =
          new EncodedSegment(new StreamEncoder(recipe, filter, framesPerSecond, flags));
      try {
        segment.encode(filter, range);
        return segment;
      } catch (RuntimeException e) {
        segment.close();
        throw e;
      }
    }
  }

  private void encode(PictureFilter filter, Range range) {
    for (int picture = range.begin(); picture < range.end(); picture++) {
      filter.write(picture);
      encodeFinishedPictures(filter);
    }
    filter.writeEnd();
    encodeFinishedPictures(filter);
    encoder.write(null);
    keepFinishedPackets();
  }

  private void encodeFinishedPictures(PictureFilter filter) {
    for (AVFrame picture = filter.read(); picture != null; picture = filter.read()) {
      encoder.write(picture);
      keepFinishedPackets();
    }
  }

  private void keepFinishedPackets() {
    for (AVPacket packet = encoder.read(); packet != null; packet = encoder.read()) {
      packets.add(checkNotNull(avcodec.av_packet_clone(packet), "av_packet_clone"));
    }
  }

  StreamEncoder encoder() {
    return encoder;
  }

  void writeTo(FileMuxer muxer) {
    packets.forEach(muxer::write);
  }

  @Override
  public void close() {
    packets.forEach(avcodec::av_packet_free);
    packets.clear();
    encoder.close();
  }
}
