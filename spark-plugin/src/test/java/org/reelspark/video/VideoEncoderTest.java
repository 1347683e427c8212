package org.reelspark.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.video.EncodedSegment.Range;

class VideoEncoderTest {
  private static final double FRAMES_PER_SECOND = 16;

  @ParameterizedTest
  @CsvSource({"MP4_H264, h264, 36", "MP4_AV1, av1, 36", "GIF, gif, 30"})
  void decodesToTheSamePictures(VideoFormat format, String codec, double decibel) {
    Frames frames = MovingPictures.draw(65, 128, 128);
    byte[] file = VideoEncoder.encode(frames, FRAMES_PER_SECOND, format);
    DecodedVideo decoded = DecodedVideo.decode(file);

    assertThat(decoded.codec()).isEqualTo(codec);
    assertThat(decoded.framesPerSecond()).isEqualTo(FRAMES_PER_SECOND, within(0.1));
    assertThat(decoded.frames().count()).isEqualTo(65);
    assertThat(decoded.frames().width()).isEqualTo(128);
    assertThat(decoded.frames().height()).isEqualTo(128);
    assertThat(MovingPictures.psnr(frames, decoded.frames())).isGreaterThan(decibel);
  }

  @ParameterizedTest
  @EnumSource
  void givesTheSameBytesForTheSamePictures(VideoFormat format) {
    Frames frames = MovingPictures.draw(60, 64, 64);

    assertThat(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format))
        .isEqualTo(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format));
  }

  @ParameterizedTest
  @EnumSource(names = {"MP4_H264", "MP4_AV1"})
  void spreadsKeyFramesEvenly(VideoFormat format) {
    Frames frames = MovingPictures.draw(81, 64, 64);

    assertThat(
            DecodedVideo.decode(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format)).keyFrames())
        .containsExactly(0, 20, 40, 60);
  }

  @ParameterizedTest
  @CsvSource({"1, 24, 1", "24, 24, 1", "25, 24, 2", "81, 24, 4", "121, 24, 6", "9, 1, 9"})
  void segmentsFollowEachOtherAndAreOfNearlyOneLength(int count, int longest, int segments) {
    List<Range> ranges = Range.split(count, longest);

    assertThat(ranges).hasSize(segments);
    assertThat(ranges.stream().flatMapToInt(range -> IntStream.range(range.begin(), range.end())))
        .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
    assertThat(ranges)
        .allSatisfy(
            range ->
                assertThat(range.end() - range.begin())
                    .isBetween(count / segments, Math.min(longest, count / segments + 1)));
  }

  @ParameterizedTest
  @EnumSource
  void encodesPicturesOfTheLeastSide(VideoFormat format) {
    int side = format.leastSide();

    assertThat(VideoEncoder.encode(MovingPictures.draw(1, side, side), FRAMES_PER_SECOND, format))
        .isNotEmpty();
  }

  /** FFmpeg reads sizes and rates from text, which some locales write in other digits. */
  @Test
  void givesTheSameBytesInEveryLocale() {
    Frames frames = MovingPictures.draw(2, 64, 64);
    byte[] expected = VideoEncoder.encode(frames, FRAMES_PER_SECOND, VideoFormat.MP4_H264);
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(VideoEncoder.encode(frames, FRAMES_PER_SECOND, VideoFormat.MP4_H264))
          .isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MP4_H264", "MP4_AV1"})
  void tagsItsColours(VideoFormat format) {
    Frames frames = MovingPictures.draw(2, 64, 64);

    assertThat(
            DecodedVideo.decode(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format))
                .taggedBt709Limited())
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"MP4_H264", "MP4_AV1"})
  void putsTheIndexBeforeThePictures(VideoFormat format) {
    String file =
        new String(
            VideoEncoder.encode(MovingPictures.draw(5, 64, 64), FRAMES_PER_SECOND, format),
            StandardCharsets.ISO_8859_1);

    assertThat(file.indexOf("moov")).isPositive().isLessThan(file.indexOf("mdat"));
  }

  @ParameterizedTest
  @CsvSource({
    "MP4_H264, 65, 49, 66, 50",
    "MP4_H264, 64, 49, 64, 50",
    "MP4_AV1, 65, 49, 66, 50",
    "MP4_H264, 16, 16, 16, 16",
    "MP4_AV1, 16, 16, 16, 16",
    "GIF, 65, 49, 65, 49",
    "MP4_H264, 1280, 720, 1280, 720"
  })
  void keepsAnySize(
      VideoFormat format, int width, int height, int decodedWidth, int decodedHeight) {
    Frames frames = MovingPictures.draw(3, width, height);
    Frames decoded =
        DecodedVideo.decode(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format)).frames();

    assertThat(decoded.width()).isEqualTo(decodedWidth);
    assertThat(decoded.height()).isEqualTo(decodedHeight);
    assertThat(MovingPictures.psnr(frames, decoded)).isGreaterThan(28);
  }

  @ParameterizedTest
  @EnumSource(names = {"MP4_H264", "MP4_AV1"})
  void encodesASinglePicture(VideoFormat format) {
    Frames frames = MovingPictures.draw(1, 64, 64);

    assertThat(
            DecodedVideo.decode(VideoEncoder.encode(frames, FRAMES_PER_SECOND, format))
                .frames()
                .count())
        .isEqualTo(1);
  }

  @Test
  void writesEveryPictureOfAWebpAnimation() {
    String file =
        new String(
            VideoEncoder.encode(
                MovingPictures.draw(9, 65, 49), FRAMES_PER_SECOND, VideoFormat.WEBP),
            StandardCharsets.ISO_8859_1);

    assertThat(file).startsWith("RIFF").contains("WEBPVP8X");
    assertThat(file.split("ANMF", -1)).hasSize(9 + 1);
  }

  @ParameterizedTest
  @CsvSource({"23.976", "29.97", "8", "0.5", "60"})
  void keepsTheFrameRate(double framesPerSecond) {
    byte[] file =
        VideoEncoder.encode(MovingPictures.draw(12, 32, 32), framesPerSecond, VideoFormat.MP4_H264);

    assertThat(DecodedVideo.decode(file).framesPerSecond())
        .isEqualTo(framesPerSecond, within(1e-3));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 241, Double.NaN, Double.POSITIVE_INFINITY})
  void rejectsAFrameRateOutOfRange(double framesPerSecond) {
    assertThatThrownBy(
            () ->
                VideoEncoder.encode(
                    MovingPictures.draw(1, 32, 32), framesPerSecond, VideoFormat.GIF))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageContaining(String.valueOf(framesPerSecond));
  }

  @Test
  void saysWhyAnEncoderRefusesPictures() {
    assertThatThrownBy(
            () ->
                VideoEncoder.encode(
                    MovingPictures.draw(60, 2, 2), FRAMES_PER_SECOND, VideoFormat.MP4_H264))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.VIDEO_ENCODING_FAILED))
        .hasMessageContaining("libopenh264");
  }

  /**
   * A leak shows in each round. In some, the memory of the process also grows because the heap
   * comes to parts of itself that it has not touched before, or gives such parts back.
   */
  @ParameterizedTest
  @EnumSource(names = {"MP4_H264", "GIF"})
  void leavesNoMemoryBehind(VideoFormat format) {
    Frames frames = MovingPictures.draw(1, 1280, 720);
    int repeats = 30;
    long leastGrowth = Long.MAX_VALUE;
    for (int round = 0; round < 4; round++) {
      long before = nativeBytes();
      encodeRepeatedly(frames, format, repeats);
      leastGrowth = Math.min(leastGrowth, nativeBytes() - before);
    }

    // The encoder's own pictures take half as much as ours.
    long leakOfAQuarterOfAPicture = repeats * frames.rgb().capacity() / 4L;
    assertThat(leastGrowth).isLessThan(leakOfAQuarterOfAPicture);
  }

  private static long nativeBytes() {
    return Pointer.physicalBytes() - Runtime.getRuntime().totalMemory();
  }

  /** In a process of its own, because others encode to the usual directory for temporary files. */
  @Test
  void leavesNoTemporaryFilesBehind(@TempDir Path directory) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                EncodeOnce.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("encoded in " + directory);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("reelspark-"));
    }
  }

  static final class EncodeOnce {
    private EncodeOnce() {}

    public static void main(String[] arguments) {
      VideoEncoder.encode(MovingPictures.draw(1, 32, 32), FRAMES_PER_SECOND, VideoFormat.MP4_H264);
      System.out.println("encoded in " + System.getProperty("java.io.tmpdir"));
    }
  }

  private static void encodeRepeatedly(Frames frames, VideoFormat format, int times) {
    for (int i = 0; i < times; i++) {
      VideoEncoder.encode(frames, FRAMES_PER_SECOND, format);
    }
  }
}
