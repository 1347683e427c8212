package org.reelspark.video;

import static org.reelspark.video.Ffmpeg.check;
import static org.reelspark.video.Ffmpeg.checkNotNull;

import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;

/** One FFmpeg encoder: pictures in, packets out. */
final class StreamEncoder implements AutoCloseable {
  private final AVCodecContext context;
  private final AVPacket packet;

  StreamEncoder(
      EncodingRecipe recipe, PictureFilter filter, AVRational framesPerSecond, int flags) {
    AVCodec codec =
        checkNotNull(
            avcodec.avcodec_find_encoder_by_name(recipe.codec()), "encoder " + recipe.codec());
    context = checkNotNull(avcodec.avcodec_alloc_context3(codec), "avcodec_alloc_context3");
    packet = avcodec.av_packet_alloc();
    try {
      context.width(filter.width());
      context.height(filter.height());
      context.pix_fmt(filter.pixelFormat());
      context.time_base(filter.timeBase());
      context.framerate(framesPerSecond);
      context.flags(avcodec.AV_CODEC_FLAG_BITEXACT | flags);
      if (filter.pixelFormat() == avutil.AV_PIX_FMT_YUV420P) {
        context.colorspace(avutil.AVCOL_SPC_BT709);
        context.color_primaries(avutil.AVCOL_PRI_BT709);
        context.color_trc(avutil.AVCOL_TRC_BT709);
        context.color_range(avutil.AVCOL_RANGE_MPEG);
        context.chroma_sample_location(avutil.AVCHROMA_LOC_LEFT);
      }
      open(codec, recipe.codecOptions());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void open(AVCodec codec, Map<String, String> options) {
    AVDictionary dictionary = Ffmpeg.dictionary(options);
    try {
      check(
          avcodec.avcodec_open2(context, codec, dictionary), "encoder " + codec.name().getString());
      Ffmpeg.checkAllUsed(dictionary);
    } finally {
      avutil.av_dict_free(dictionary);
    }
  }

  AVCodecContext context() {
    return context;
  }

  /** Puts one picture in; null says that no picture follows. */
  void write(AVFrame picture) {
    check(
        avcodec.avcodec_send_frame(context, picture),
        "%s on %d x %d pixels"
            .formatted(context.codec().name().getString(), context.width(), context.height()));
  }

  /** The next packet, valid until the next call, or null when there is none yet. */
  AVPacket read() {
    avcodec.av_packet_unref(packet);
    int result = avcodec.avcodec_receive_packet(context, packet);
    if (result == avutil.AVERROR_EAGAIN() || result == avutil.AVERROR_EOF()) {
      return null;
    }
    check(result, "avcodec_receive_packet");
    return packet;
  }

  @Override
  public void close() {
    avcodec.av_packet_free(packet);
    avcodec.avcodec_free_context(context);
  }
}
