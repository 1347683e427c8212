package org.reelspark.video;

import static org.reelspark.video.Ffmpeg.check;
import static org.reelspark.video.Ffmpeg.checkNotNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;

/**
 * What a player sees in a video file; tests read it back by FFmpeg's own decoders.
 *
 * @param keyFrames indices of those at which a player can begin
 */
public record DecodedVideo(
    String codec,
    double framesPerSecond,
    boolean taggedBt709Limited,
    Frames frames,
    List<Integer> keyFrames) {

  public static DecodedVideo decode(byte[] file) {
    try {
      Path path = Files.createTempFile("reelspark-test-", ".video");
      try {
        Files.write(path, file);
        return decode(path);
      } finally {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static DecodedVideo decode(Path file) {
    Ffmpeg.load();
    AVFormatContext format = new AVFormatContext(null);
    check(avformat.avformat_open_input(format, file.toString(), null, null), "open");
    AVCodecContext context = null;
    AVPacket packet = avcodec.av_packet_alloc();
    try {
      check(avformat.avformat_find_stream_info(format, (AVDictionary) null), "streams");
      AVStream stream = format.streams(0);
      AVCodec codec =
          checkNotNull(avcodec.avcodec_find_decoder(stream.codecpar().codec_id()), "decoder");
      context = avcodec.avcodec_alloc_context3(codec);
      check(avcodec.avcodec_parameters_to_context(context, stream.codecpar()), "parameters");
      context.thread_count(1);
      check(avcodec.avcodec_open2(context, codec, (AVDictionary) null), "open decoder");
      List<byte[]> pictures = new ArrayList<>();
      List<Integer> keyFrames = new ArrayList<>();
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      for (int index = 0; avformat.av_read_frame(format, packet) >= 0; index++) {
        if ((packet.flags() & avcodec.AV_PKT_FLAG_KEY) != 0) {
          keyFrames.add(index);
        }
        first = Math.min(first, packet.pts());
        last = Math.max(last, packet.pts());
        check(avcodec.avcodec_send_packet(context, packet), "decode");
        avcodec.av_packet_unref(packet);
        receive(context, pictures);
      }
      check(avcodec.avcodec_send_packet(context, null), "decode");
      receive(context, pictures);
      return new DecodedVideo(
          avcodec.avcodec_get_name(codec.id()).getString(),
          (pictures.size() - 1) / ((last - first) * avutil.av_q2d(stream.time_base())),
          stream.codecpar().color_space() == avutil.AVCOL_SPC_BT709
              && stream.codecpar().color_primaries() == avutil.AVCOL_PRI_BT709
              && stream.codecpar().color_trc() == avutil.AVCOL_TRC_BT709
              && stream.codecpar().color_range() == avutil.AVCOL_RANGE_MPEG,
          frames(pictures, context.width(), context.height()),
          keyFrames);
    } finally {
      avcodec.av_packet_free(packet);
      avcodec.avcodec_free_context(context);
      avformat.avformat_close_input(format);
    }
  }

  private static void receive(AVCodecContext context, List<byte[]> pictures) {
    AVFrame picture = avutil.av_frame_alloc();
    while (avcodec.avcodec_receive_frame(context, picture) >= 0) {
      pictures.add(rgb(picture));
    }
    avutil.av_frame_free(picture);
  }

  private static byte[] rgb(AVFrame picture) {
    SwsContext scaler = swscale.sws_alloc_context();
    scaler.flags(swscale.SWS_BICUBIC | swscale.SWS_ACCURATE_RND | swscale.SWS_FULL_CHR_H_INT);
    if (picture.chroma_location() == avutil.AVCHROMA_LOC_UNSPECIFIED) {
      // What H.264 infers when the stream does not say.
      picture.chroma_location(avutil.AVCHROMA_LOC_LEFT);
    }
    AVFrame rgb = avutil.av_frame_alloc();
    rgb.format(avutil.AV_PIX_FMT_RGB24);
    rgb.width(picture.width());
    rgb.height(picture.height());
    check(swscale.sws_scale_frame(scaler, rgb, picture), "to RGB");
    int rowBytes = 3 * rgb.width();
    byte[] bytes = new byte[rowBytes * rgb.height()];
    BytePointer rows = rgb.data(0).capacity((long) rgb.linesize(0) * rgb.height());
    for (int row = 0; row < rgb.height(); row++) {
      rows.position((long) row * rgb.linesize(0)).get(bytes, row * rowBytes, rowBytes);
    }
    avutil.av_frame_free(rgb);
    swscale.sws_freeContext(scaler);
    return bytes;
  }

  private static Frames frames(List<byte[]> pictures, int width, int height) {
    ByteBuffer rgb = ByteBuffer.allocateDirect(3 * width * height * pictures.size());
    pictures.forEach(rgb::put);
    return new Frames(pictures.size(), height, width, rgb.clear());
  }
}
