package org.reelspark.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.NearestName;
import org.reelspark.error.ReelsparkException;
import org.reelspark.generate.GenerationOption;

/**
 * The requests of a job. They are held on the driver: a job's videos take so long that its prompts
 * always fit.
 *
 * @param rows column {@value #ROW_COLUMN} (place in the input as Spark reads it, from 1), {@code
 *     prompt}, and a column for each {@link GenerationOption} that the input names
 * @param count number of rows, at least 1
 */
record Prompts(Dataset<Row> rows, long count) {
  static final String ROW_COLUMN = "row";
  static final String PROMPT_COLUMN = "prompt";

  private static final int SHOWN_MALFORMED_ROWS = 3;
  private static final int SHOWN_CHARACTERS = 80;

  /**
   * Reads a file of prompts.
   *
   * @param limit rows from the start of the input, or all
   * @throws ReelsparkException INVALID_INPUT when there is no such file, nothing in it, a line that
   *     does not parse, no prompt column or an unknown one
   */
  static Prompts read(SparkSession spark, String path, OptionalInt limit) {
    Path file = new Path(path);
    requireExists(spark, file);
    PromptFormat format = PromptFormat.ofFileName(file.getName()).orElseThrow(() -> unknown(file));
    try {
      return read(spark, file, format, limit);
    } catch (ReelsparkException e) {
      throw e;
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare
      throw unreadable(file, e);
    }
  }

  private static Prompts read(
      SparkSession spark, Path file, PromptFormat format, OptionalInt limit) {
    Dataset<Row> read = format.read(spark, file.toString());
    if (limit.isPresent()) {
      read = read.limit(limit.getAsInt());
    }
    Dataset<Row> known = withKnownColumns(read, file);
    StructType schema = known.schema();
    List<Row> rows = known.collectAsList();
    if (rows.isEmpty()) {
      throw invalid("%s holds no prompts; give at least one row", file);
    }
    requireWellFormed(rows, schema, file);
    return new Prompts(numbered(spark, rows, schema), rows.size());
  }

  private static void requireExists(SparkSession spark, Path file) {
    try {
      FileSystem fileSystem = file.getFileSystem(spark.sparkContext().hadoopConfiguration());
      if (!fileSystem.exists(file)) {
        throw invalid("there is no file %s; give an existing one with --prompts", file);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw unreadable(file, e);
    }
  }

  private static ReelsparkException unreadable(Path file, Exception cause) {
    String reason = Causes.root(cause).getMessage();
    return new ReelsparkException(
        ErrorCode.INVALID_INPUT, "cannot read %s (%s)".formatted(file, reason), cause);
  }

  private static ReelsparkException unknown(Path file) {
    return invalid(
        "the name of %s does not say its format; end it in .csv, .json, .jsonl, .parquet or .txt",
        file);
  }

  /** Lower-case names, none but the prompt and options. */
  private static Dataset<Row> withKnownColumns(Dataset<Row> read, Path file) {
    List<String> known =
        Stream.concat(Stream.of(PROMPT_COLUMN), GenerationOption.keys().stream()).toList();
    List<Column> columns = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (StructField field : read.schema().fields()) {
      String name = field.name().strip().toLowerCase(Locale.ROOT);
      if (!known.contains(name) && !name.equals(PromptFormat.MALFORMED_COLUMN)) {
        throw invalid(
            "unknown column '%s' in %s; did you mean '%s'? Known columns: %s",
            field.name(), file, NearestName.of(name, known), String.join(", ", known));
      }
      names.add(name);
      columns.add(read.col("`" + field.name().replace("`", "``") + "`").as(name));
    }
    names.remove(PromptFormat.MALFORMED_COLUMN);
    if (columns.isEmpty()) {
      throw invalid("%s is empty; give at least one row", file);
    }
    if (names.contains(PROMPT_COLUMN) || names.isEmpty()) {
      return read.select(columns.toArray(Column[]::new));
    }
    throw invalid(
        "%s has no column 'prompt', found: %s; name the column of texts 'prompt'",
        file, String.join(", ", names));
  }

  private static void requireWellFormed(List<Row> rows, StructType schema, Path file) {
    if (!List.of(schema.fieldNames()).contains(PromptFormat.MALFORMED_COLUMN)) {
      return;
    }
    int column = schema.fieldIndex(PromptFormat.MALFORMED_COLUMN);
    List<String> malformed = new ArrayList<>();
    for (int index = 0; index < rows.size(); index++) {
      if (!rows.get(index).isNullAt(column) && malformed.size() < SHOWN_MALFORMED_ROWS) {
        String source = rows.get(index).getString(column).strip();
        malformed.add(
            "row %d: %s"
                .formatted(
                    index + 1, source.substring(0, Math.min(source.length(), SHOWN_CHARACTERS))));
      }
    }
    if (!malformed.isEmpty()) {
      throw invalid(
          "%s has rows that do not parse (%s); give every row as many columns as the header, and"
              + " quote a prompt that holds a comma or a line break",
          file, String.join("; ", malformed));
    }
  }

  private static Dataset<Row> numbered(SparkSession spark, List<Row> rows, StructType schema) {
    List<Row> numbered = new ArrayList<>(rows.size());
    for (Row row : rows) {
      Object[] values = new Object[row.size() + 1];
      values[0] = numbered.size() + 1L;
      for (int index = 0; index < row.size(); index++) {
        values[index + 1] = row.get(index);
      }
      numbered.add(RowFactory.create(values));
    }
    StructType numberedSchema =
        new StructType().add(ROW_COLUMN, DataTypes.LongType, false).merge(schema, false);
    return spark.createDataFrame(numbered, numberedSchema).drop(PromptFormat.MALFORMED_COLUMN);
  }

  private static ReelsparkException invalid(String message, Object... values) {
    return new ReelsparkException(ErrorCode.INVALID_INPUT, message.formatted(values));
  }
}
