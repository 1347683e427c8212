package org.reelspark.spark;

import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.reelspark.generate.FinishedVideo;
import org.reelspark.generate.GenerationError;
import org.reelspark.generate.GenerationRequest;
import org.reelspark.generate.GenerationResult;
import org.reelspark.generate.StageTimings;
import org.reelspark.generate.VideoContent;

/** Results as Spark rows. */
final class ResultRows {
  private static final StructType TIMINGS =
      new StructType()
          .add("text_ms", DataTypes.LongType)
          .add("denoise_ms", DataTypes.LongType)
          .add("decode_ms", DataTypes.LongType)
          .add("encode_ms", DataTypes.LongType)
          .add("write_ms", DataTypes.LongType);

  private static final StructType ERROR =
      new StructType()
          .add("class", DataTypes.StringType)
          .add("code", DataTypes.StringType)
          .add("message", DataTypes.StringType);

  static final StructType SCHEMA =
      new StructType()
          .add("status", DataTypes.StringType)
          .add("key", DataTypes.StringType)
          .add("uri", DataTypes.StringType)
          .add("bytes", DataTypes.BinaryType)
          .add("byte_size", DataTypes.LongType)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("frames", DataTypes.IntegerType)
          .add("fps", DataTypes.DoubleType)
          .add("seed", DataTypes.LongType)
          .add("steps", DataTypes.IntegerType)
          .add("guidance", DataTypes.FloatType)
          .add("guidance_start", DataTypes.FloatType)
          .add("guidance_end", DataTypes.FloatType)
          .add("attention", DataTypes.StringType)
          .add("cache_threshold", DataTypes.FloatType)
          .add("format", DataTypes.StringType)
          .add("tokens", DataTypes.IntegerType)
          .add("sparsity", DataTypes.DoubleType)
          .add("cached_runs", DataTypes.IntegerType)
          .add("arithmetic", DataTypes.StringType)
          .add("timings", TIMINGS)
          .add("error", ERROR)
          .add("attempts", DataTypes.IntegerType);

  private ResultRows() {}

  static Row of(GenerationResult result) {
    Optional<GenerationRequest> request = result.request();
    Optional<FinishedVideo> video = result.video();
    Optional<VideoContent> content = video.map(FinishedVideo::content);
    return RowFactory.create(
        lowerCase(result.status()),
        result.key().orElse(null),
        content.map(ResultRows::uri).orElse(null),
        content.map(ResultRows::bytes).orElse(null),
        content.map(VideoContent::byteSize).orElse(null),
        request.map(GenerationRequest::width).orElse(null),
        request.map(GenerationRequest::height).orElse(null),
        request.map(GenerationRequest::frames).orElse(null),
        request.map(GenerationRequest::framesPerSecond).orElse(null),
        request.map(GenerationRequest::seed).orElse(null),
        request.map(GenerationRequest::steps).orElse(null),
        request.map(GenerationRequest::guidanceScale).orElse(null),
        request.map(GenerationRequest::guidanceStart).orElse(null),
        request.map(GenerationRequest::guidanceEnd).orElse(null),
        request.map(GenerationRequest::attention).map(ResultRows::lowerCase).orElse(null),
        request.map(GenerationRequest::cacheThreshold).orElse(null),
        request.map(GenerationRequest::format).map(ResultRows::lowerCase).orElse(null),
        video.map(FinishedVideo::tokens).orElse(null),
        video.map(FinishedVideo::sparsity).orElse(null),
        video.map(FinishedVideo::cachedRuns).orElse(null),
        video.flatMap(FinishedVideo::arithmetic).orElse(null),
        video.map(FinishedVideo::timings).map(ResultRows::row).orElse(null),
        result.error().map(ResultRows::row).orElse(null),
        result.attempts());
  }

  private static String uri(VideoContent content) {
    return content instanceof VideoContent.Stored stored ? stored.uri() : null;
  }

  private static byte[] bytes(VideoContent content) {
    return content instanceof VideoContent.Inline inline ? inline.bytes() : null;
  }

  private static Row row(StageTimings timings) {
    return RowFactory.create(
        timings.textMillis(),
        timings.denoiseMillis(),
        timings.decodeMillis(),
        timings.encodeMillis(),
        timings.writeMillis());
  }

  private static Row row(GenerationError error) {
    return RowFactory.create(error.errorClass().name(), error.code().name(), error.message());
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
