package org.reelspark.jobs;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.reelspark.generate.GenerationOption;
import org.reelspark.spark.VideoGenerator;

/**
 * The record of one run: a Parquet directory {@code manifest/run=...} with a row for each row of
 * the input: its number, its prompts and all fields of its result but the bytes. Runs add up:
 * reading {@code manifest} gives them all, told apart by the column {@code run}.
 */
final class Manifest {
  private static final DateTimeFormatter RUN_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final int SUFFIX_LENGTH = 8;
  private static final String BYTES = "bytes";
  private static final List<String> INPUT_COLUMNS =
      List.of(Prompts.ROW_COLUMN, Prompts.PROMPT_COLUMN, GenerationOption.NEGATIVE_PROMPT.key());

  private Manifest() {}

  /**
   * Writes the manifest of a run. This is the action that makes the videos.
   *
   * @param results what {@link VideoGenerator#generate} gave
   * @return the rows as written, in the order of the input
   */
  static Iterator<VideoRow> write(Dataset<Row> results, OutputDirectory output) {
    String directory = output.resolve("manifest/run=" + newRun());
    // One partition, so that a million prompts do not make a million files.
    Dataset<Row> manifest =
        results.repartition(1).sortWithinPartitions(Prompts.ROW_COLUMN).select(columns(results));
    manifest.write().parquet(directory);
    // With its schema, Spark need not open the files to find it.
    return videoRows(results.sparkSession().read().schema(manifest.schema()).parquet(directory));
  }

  private static Iterator<VideoRow> videoRows(Dataset<Row> manifest) {
    Iterator<Row> rows = manifest.toLocalIterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public VideoRow next() {
        return VideoRow.of(rows.next());
      }
    };
  }

  /** Sorts by time, and two runs in one second still differ. */
  private static String newRun() {
    return RUN_TIME.format(Instant.now())
        + "-"
        + UUID.randomUUID().toString().substring(0, SUFFIX_LENGTH);
  }

  private static Column[] columns(Dataset<Row> results) {
    List<Column> columns = new ArrayList<>();
    for (String name : results.columns()) {
      if (INPUT_COLUMNS.contains(name)) {
        columns.add(results.col(name));
      }
    }
    Column result = results.col(VideoGenerator.RESULT_COLUMN);
    StructType fields = VideoGenerator.resultType();
    for (StructField field : fields.fields()) {
      if (!field.name().equals(BYTES)) {
        columns.add(result.getField(field.name()).as(field.name()));
      }
    }
    return columns.toArray(Column[]::new);
  }
}
