package org.reelspark.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.substring;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.reelspark.generate.GenerationStatus;
import org.reelspark.video.VideoFormat;

/**
 * A manifest from the files that lie beside the videos, for a dataset that has lost its manifests.
 */
final class Sidecars {
  /** What {@link org.reelspark.generate.VideoStore} writes, as far as a manifest needs it. */
  private static final StructType SCHEMA =
      new StructType()
          .add("key", DataTypes.StringType)
          .add(
              "request",
              new StructType()
                  .add("prompt", DataTypes.StringType)
                  .add("negativePrompt", DataTypes.StringType)
                  .add("seed", DataTypes.LongType)
                  .add("width", DataTypes.IntegerType)
                  .add("height", DataTypes.IntegerType)
                  .add("frames", DataTypes.IntegerType)
                  .add("steps", DataTypes.IntegerType)
                  .add("guidanceScale", DataTypes.FloatType)
                  .add("guidanceStart", DataTypes.FloatType)
                  .add("guidanceEnd", DataTypes.FloatType)
                  .add("framesPerSecond", DataTypes.DoubleType)
                  .add("attention", DataTypes.StringType)
                  .add("cacheThreshold", DataTypes.FloatType)
                  .add("format", DataTypes.StringType))
          .add("byteSize", DataTypes.LongType)
          .add("tokens", DataTypes.IntegerType)
          .add("sparsity", DataTypes.DoubleType)
          .add("cachedRuns", DataTypes.IntegerType)
          .add("arithmetic", DataTypes.StringType)
          .add(
              "timings",
              new StructType()
                  .add("textMillis", DataTypes.LongType)
                  .add("denoiseMillis", DataTypes.LongType)
                  .add("decodeMillis", DataTypes.LongType)
                  .add("encodeMillis", DataTypes.LongType)
                  .add("writeMillis", DataTypes.LongType));

  private Sidecars() {}

  /** A row for each video, of the manifest's schema; damaged files are left out. */
  static Dataset<Row> read(SparkSession spark, DatasetDirectory directory) {
    Dataset<Row> sidecars =
        spark
            .read()
            .schema(SCHEMA)
            .option("multiLine", "true")
            .option("recursiveFileLookup", "true")
            .option("pathGlobFilter", "*.json")
            .json(directory.toString())
            .filter(col("_metadata.file_name").equalTo(concat(col("key"), lit(".json"))));
    Map<String, Column> known =
        Map.ofEntries(
            Map.entry("prompt", col("request.prompt")),
            Map.entry("negative_prompt", col("request.negativePrompt")),
            Map.entry("status", lit(GenerationStatus.GENERATED.name().toLowerCase(Locale.ROOT))),
            Map.entry("key", col("key")),
            Map.entry("uri", uri(directory)),
            Map.entry("byte_size", col("byteSize")),
            Map.entry("width", col("request.width")),
            Map.entry("height", col("request.height")),
            Map.entry("frames", col("request.frames")),
            Map.entry("fps", col("request.framesPerSecond")),
            Map.entry("seed", col("request.seed")),
            Map.entry("steps", col("request.steps")),
            Map.entry("guidance", col("request.guidanceScale")),
            Map.entry("guidance_start", col("request.guidanceStart")),
            Map.entry("guidance_end", col("request.guidanceEnd")),
            Map.entry("attention", lower(col("request.attention"))),
            Map.entry("cache_threshold", col("request.cacheThreshold")),
            Map.entry("format", lower(col("request.format"))),
            Map.entry("tokens", col("tokens")),
            Map.entry("sparsity", col("sparsity")),
            Map.entry("cached_runs", col("cachedRuns")),
            Map.entry("arithmetic", col("arithmetic")),
            Map.entry("timings", timings()));
    List<Column> columns = new ArrayList<>();
    for (StructField field : DatasetManifest.SCHEMA.fields()) {
      Column value = known.getOrDefault(field.name(), lit(null));
      columns.add(value.cast(field.dataType()).as(field.name()));
    }
    return sidecars.select(columns.toArray(Column[]::new));
  }

  private static Column timings() {
    return struct(
        col("timings.textMillis").as("text_ms"),
        col("timings.denoiseMillis").as("denoise_ms"),
        col("timings.decodeMillis").as("decode_ms"),
        col("timings.encodeMillis").as("encode_ms"),
        col("timings.writeMillis").as("write_ms"));
  }

  private static Column uri(DatasetDirectory directory) {
    Column extension = lit(null);
    for (VideoFormat format : VideoFormat.values()) {
      extension =
          functions
              .when(col("request.format").equalTo(format.name()), lit(format.extension()))
              .otherwise(extension);
    }
    // As executors name files: on a local file system, not as Hadoop does.
    String root = VideoOutputs.store(directory.toString()).uri("").replaceFirst("/$", "");
    Column shard = substring(col("key"), 1, 2);
    return concat(lit(root + "/"), shard, lit("/"), col("key"), lit("."), extension);
  }
}
