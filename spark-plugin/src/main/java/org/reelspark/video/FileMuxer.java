package org.reelspark.video;

import static org.reelspark.video.Ffmpeg.check;
import static org.reelspark.video.Ffmpeg.checkNotNull;

import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;

/** Writes one video stream into a container file. */
final class FileMuxer implements AutoCloseable {
  private final AVFormatContext context = new AVFormatContext(null);
  private final EncodingRecipe recipe;
  private final Path file;
  private AVStream stream;
  private StreamEncoder encoder;

  FileMuxer(EncodingRecipe recipe, Path file) {
    this.recipe = recipe;
    this.file = file;
    check(
        avformat.avformat_alloc_output_context2(context, null, recipe.container(), file.toString()),
        "container " + recipe.container());
    context.flags(context.flags() | AVFormatContext.AVFMT_FLAG_BITEXACT);
  }

  /** Flags that the container asks of its encoder. */
  int encoderFlags() {
    boolean headerInContainer = (context.oformat().flags() & avformat.AVFMT_GLOBALHEADER) != 0;
    return headerInContainer ? avcodec.AV_CODEC_FLAG_GLOBAL_HEADER : 0;
  }

  /** Opens the file and writes what comes before the first packet. */
  void writeHeader(StreamEncoder source) {
    encoder = source;
    stream = checkNotNull(avformat.avformat_new_stream(context, null), "avformat_new_stream");
    stream.time_base(source.context().time_base());
    stream.avg_frame_rate(source.context().framerate());
    check(
        avcodec.avcodec_parameters_from_context(stream.codecpar(), source.context()),
        "avcodec_parameters_from_context");
    AVIOContext output = new AVIOContext(null);
    check(avformat.avio_open(output, file.toString(), avformat.AVIO_FLAG_WRITE), "open " + file);
    context.pb(output);
    AVDictionary options = Ffmpeg.dictionary(recipe.containerOptions());
    try {
      check(avformat.avformat_write_header(context, options), "avformat_write_header");
      Ffmpeg.checkAllUsed(options);
    } finally {
      avutil.av_dict_free(options);
    }
  }

  void write(AVPacket packet) {
    packet.stream_index(stream.index());
    if (packet.duration() == 0) {
      packet.duration(1);
    }
    avcodec.av_packet_rescale_ts(packet, encoder.context().time_base(), stream.time_base());
    check(avformat.av_interleaved_write_frame(context, packet), "write " + file);
  }

  /** Writes what comes after the last packet and closes the file. */
  void finish() {
    check(avformat.av_write_trailer(context), "write " + file);
    check(closeFile(), "close " + file);
  }

  private int closeFile() {
    AVIOContext output = context.pb();
    context.pb(null);
    return avformat.avio_close(output);
  }

  @Override
  public void close() {
    if (context.pb() != null) {
      closeFile();
    }
    avformat.avformat_free_context(context);
  }
}
