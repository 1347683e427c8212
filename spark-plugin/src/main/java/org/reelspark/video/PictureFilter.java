package org.reelspark.video;

import static org.reelspark.video.Ffmpeg.check;
import static org.reelspark.video.Ffmpeg.checkNotNull;

import java.util.Locale;
import org.bytedeco.ffmpeg.avfilter.AVFilterContext;
import org.bytedeco.ffmpeg.avfilter.AVFilterGraph;
import org.bytedeco.ffmpeg.avfilter.AVFilterInOut;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avfilter;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/** A chain of FFmpeg filters that RGB pictures go into and encoder pictures come out of. */
final class PictureFilter implements AutoCloseable {
  private final AVFilterGraph graph;
  private final AVFilterContext source;
  private final AVFilterContext sink;
  private final AVFrame input;
  private final AVFrame output;
  private final BytePointer pixels;
  private final long pictureBytes;

  PictureFilter(Frames frames, AVRational framesPerSecond, String filters) {
    graph = checkNotNull(avfilter.avfilter_graph_alloc(), "avfilter_graph_alloc");
    input = avutil.av_frame_alloc();
    output = avutil.av_frame_alloc();
    pixels = new BytePointer(frames.rgb());
    pictureBytes = 3L * frames.width() * frames.height();
    try {
      graph.nb_threads(1);
      String description =
          String.format(
              Locale.ROOT,
              "buffer@source=video_size=%dx%d:pix_fmt=rgb24:time_base=%d/%d:frame_rate=%d/%d:colorspace=gbr:range=full,%s,buffersink@sink",
              frames.width(),
              frames.height(),
              framesPerSecond.den(),
              framesPerSecond.num(),
              framesPerSecond.num(),
              framesPerSecond.den(),
              filters);
      check(
          avfilter.avfilter_graph_parse2(
              graph, description, new AVFilterInOut(null), new AVFilterInOut(null)),
          "avfilter_graph_parse2");
      check(avfilter.avfilter_graph_config(graph, null), "avfilter_graph_config");
      source = checkNotNull(avfilter.avfilter_graph_get_filter(graph, "buffer@source"), "source");
      sink = checkNotNull(avfilter.avfilter_graph_get_filter(graph, "buffersink@sink"), "sink");
      input.width(frames.width());
      input.height(frames.height());
      input.format(avutil.AV_PIX_FMT_RGB24);
      input.colorspace(avutil.AVCOL_SPC_RGB);
      input.color_range(avutil.AVCOL_RANGE_JPEG);
      input.linesize(0, 3 * frames.width());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  int width() {
    return avfilter.av_buffersink_get_w(sink);
  }

  int height() {
    return avfilter.av_buffersink_get_h(sink);
  }

  int pixelFormat() {
    return avfilter.av_buffersink_get_format(sink);
  }

  AVRational timeBase() {
    return avfilter.av_buffersink_get_time_base(sink);
  }

  /** Puts picture {@code index} in. The chain copies it. */
  void write(int index) {
    input.data(0, pixels.getPointer(index * pictureBytes));
    input.pts(index);
    check(avfilter.av_buffersrc_write_frame(source, input), "av_buffersrc_write_frame");
  }

  /** Says that no picture follows. */
  void writeEnd() {
    check(avfilter.av_buffersrc_write_frame(source, null), "av_buffersrc_write_frame");
  }

  /** The next finished picture, valid until the next call, or null when there is none yet. */
  AVFrame read() {
    avutil.av_frame_unref(output);
    int result = avfilter.av_buffersink_get_frame(sink, output);
    if (result == avutil.AVERROR_EAGAIN() || result == avutil.AVERROR_EOF()) {
      return null;
    }
    check(result, "av_buffersink_get_frame");
    return output;
  }

  @Override
  public void close() {
    avutil.av_frame_free(output);
    avutil.av_frame_free(input);
    avfilter.avfilter_graph_free(graph);
    pixels.close();
  }
}
