package org.reelspark.jobs;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** File formats that prompts come in. */
enum PromptFormat {
  /**
   * A header line, then one request a line. Quoted as in RFC 4180: a quoted prompt holds commas.
   */
  CSV(List.of("csv")) {
    @Override
    Dataset<Row> read(SparkSession spark, String path) {
      StructType header = spark.read().option("header", true).csv(path).schema();
      if (header.isEmpty()) {
        return spark.emptyDataFrame();
      }
      return spark
          .read()
          .schema(header.add(MALFORMED_COLUMN, DataTypes.StringType))
          .option("header", true)
          .option("multiLine", true)
          .option("escape", "\"")
          .option("columnNameOfCorruptRecord", MALFORMED_COLUMN)
          .csv(path);
    }
  },

  /** One object a line, or one array of objects. */
  JSON(List.of("json", "jsonl", "ndjson")) {
    @Override
    Dataset<Row> read(SparkSession spark, String path) {
      return spark
          .read()
          .option("multiLine", spansLines(spark, path))
          .option("primitivesAsString", true)
          .option("columnNameOfCorruptRecord", MALFORMED_COLUMN)
          .json(path);
    }
  },

  PARQUET(List.of("parquet")) {
    @Override
    Dataset<Row> read(SparkSession spark, String path) {
      return spark.read().parquet(path);
    }
  },

  /** One prompt a line; blank lines do not count. */
  TEXT(List.of("txt", "text")) {
    @Override
    Dataset<Row> read(SparkSession spark, String path) {
      return spark.read().text(path).filter("trim(value) != ''").toDF("prompt");
    }
  };

  /** Holds the source of lines that do not parse, and null in all others. */
  static final String MALFORMED_COLUMN = "_malformed";

  private static final List<String> COMPRESSIONS = List.of("gz", "bz2", "zst");

  private final List<String> extensions;

  PromptFormat(List<String> extensions) {
    this.extensions = extensions;
  }

  /** Reads a file or directory as it is, plus perhaps {@link #MALFORMED_COLUMN}. */
  abstract Dataset<Row> read(SparkSession spark, String path);

  /** The format that a file name ends with, such as {@code prompts.csv} or {@code p.jsonl.gz}. */
  static Optional<PromptFormat> ofFileName(String name) {
    String stem = name.toLowerCase(Locale.ROOT);
    for (String compression : COMPRESSIONS) {
      if (stem.endsWith("." + compression)) {
        stem = stem.substring(0, stem.lastIndexOf('.'));
      }
    }
    String extension = stem.substring(stem.lastIndexOf('.') + 1);
    for (PromptFormat format : values()) {
      if (format.extensions.contains(extension)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** Whether a JSON file is one array, or one object over several lines. */
  private static boolean spansLines(SparkSession spark, String path) {
    List<String> start =
        spark
            .read()
            .text(path)
            .select(functions.trim(functions.col("value")).as("value"))
            .filter("value != ''")
            .limit(1)
            .as(Encoders.STRING())
            .collectAsList();
    return !start.isEmpty() && (start.get(0).startsWith("[") || start.get(0).equals("{"));
  }
}
