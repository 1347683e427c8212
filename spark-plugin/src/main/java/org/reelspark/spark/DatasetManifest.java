package org.reelspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.reelspark.generate.GenerationOption;

/** The record of each run: Parquet, a row for each row of the input. */
final class DatasetManifest {
  static final String RUN_COLUMN = "run";
  static final String INPUT = "input";
  private static final String NEGATIVE_PROMPT = GenerationOption.NEGATIVE_PROMPT.key();
  private static final String NO_INPUT = "{}";
  private static final String BYTES = "bytes";

  /** Where a manifest's column {@code input} comes from. */
  enum InputSource {
    /** All columns that are neither the prompt nor an option. */
    OTHER_COLUMNS,
    /** A column of this name. */
    INPUT_COLUMN
  }

  /** Columns of a manifest without the run, which is the partition. */
  private static final StructType ROWS = rows();

  static final StructType SCHEMA = ROWS.add(RUN_COLUMN, DataTypes.StringType);

  private DatasetManifest() {}

  private static StructType rows() {
    StructType rows =
        new StructType()
            .add(InputColumns.PROMPT, DataTypes.StringType)
            .add(NEGATIVE_PROMPT, DataTypes.StringType)
            .add(INPUT, DataTypes.StringType);
    for (StructField field : ResultRows.SCHEMA.fields()) {
      if (!field.name().equals(BYTES)) {
        rows = rows.add(field);
      }
    }
    return rows;
  }

  /**
   * Writes the manifest of a run. This is the action that makes the videos.
   *
   * @param results what {@link VideoGenerator#generate} gave
   * @param defaults options for rows that do not set them
   */
  static void write(
      Dataset<Row> results,
      Map<String, String> defaults,
      InputSource source,
      DatasetDirectory directory,
      String run) {
    // One partition, so that a million prompts do not make a million files, and the file is either
    // there or not.
    results
        .repartition(1)
        .select(columns(results, defaults, source))
        .write()
        .parquet(directory.manifest(run).toString());
  }

  /** Keys of all requests of a run that could be resolved. */
  static Set<String> keys(SparkSession spark, DatasetDirectory directory, String run) {
    return rows(spark, directory, run)
        .select("key")
        .filter("key is not null")
        .as(Encoders.STRING())
        .collectAsList()
        .stream()
        .collect(Collectors.toUnmodifiableSet());
  }

  /** How many requests of a run failed, by error code. */
  static Map<String, Long> failures(SparkSession spark, DatasetDirectory directory, String run) {
    Map<String, Long> failures = new TreeMap<>();
    rows(spark, directory, run)
        .filter("error is not null")
        .groupBy("error.code")
        .count()
        .collectAsList()
        .forEach(row -> failures.put(row.getString(0), row.getLong(1)));
    return failures;
  }

  private static Dataset<Row> rows(SparkSession spark, DatasetDirectory directory, String run) {
    return spark.read().schema(ROWS).parquet(directory.manifest(run).toString());
  }

  /** The manifests of all runs. */
  static Dataset<Row> read(SparkSession spark, DatasetDirectory directory) {
    return spark.read().schema(SCHEMA).parquet(directory.manifest().toString());
  }

  private static Column[] columns(
      Dataset<Row> results, Map<String, String> defaults, InputSource source) {
    Column prompt = functions.lit(null);
    Column negativePrompt = functions.lit(null).cast(DataTypes.StringType);
    List<Column> others = new ArrayList<>();
    for (String name : results.columns()) {
      Column column = results.col("`" + name.replace("`", "``") + "`");
      String lowerCase = name.toLowerCase(Locale.ROOT);
      if (lowerCase.equals(InputColumns.PROMPT)) {
        prompt = column;
      } else if (lowerCase.equals(NEGATIVE_PROMPT)) {
        negativePrompt = column.cast(DataTypes.StringType);
      } else if (!name.equals(VideoGenerator.RESULT_COLUMN)) {
        others.add(column);
      }
    }
    List<Column> columns = new ArrayList<>();
    columns.add(prompt.as(InputColumns.PROMPT));
    columns.add(
        functions
            .coalesce(negativePrompt, functions.lit(defaults.getOrDefault(NEGATIVE_PROMPT, "")))
            .as(NEGATIVE_PROMPT));
    Column input =
        switch (source) {
          case OTHER_COLUMNS -> json(others);
          case INPUT_COLUMN -> functions.coalesce(results.col(INPUT), functions.lit(NO_INPUT));
        };
    columns.add(input.as(INPUT));
    Column result = results.col(VideoGenerator.RESULT_COLUMN);
    for (StructField field : ResultRows.SCHEMA.fields()) {
      if (!field.name().equals(BYTES)) {
        columns.add(result.getField(field.name()).as(field.name()));
      }
    }
    return columns.toArray(Column[]::new);
  }

  private static Column json(List<Column> columns) {
    return columns.isEmpty()
        ? functions.lit(NO_INPUT)
        : functions.to_json(functions.struct(columns.toArray(Column[]::new)));
  }
}
