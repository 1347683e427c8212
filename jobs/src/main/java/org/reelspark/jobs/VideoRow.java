package org.reelspark.jobs;

import java.util.Optional;
import org.apache.spark.sql.Row;

/**
 * One row of a run's manifest, as far as summary and page need it.
 *
 * @param number place in the input, from 1
 * @param prompt may be null
 * @param settings absent when the row's options could not be resolved
 * @param video absent when the row failed
 * @param error present when the row failed
 */
record VideoRow(
    long number,
    String prompt,
    String status,
    Optional<Settings> settings,
    Optional<Video> video,
    Optional<Failure> error) {

  /** How the video was asked for. */
  record Settings(
      int width, int height, int frames, long seed, int steps, float guidance, String attention) {}

  /**
   * Where the video is.
   *
   * @param path relative to the output directory
   */
  record Video(String path, double framesPerSecond, double sparsity, double seconds) {}

  /** Why there is none. */
  record Failure(String code, String message) {}

  boolean generated() {
    return status.equals("generated");
  }

  boolean skipped() {
    return status.equals("skipped");
  }

  /** Reads a row of {@link Manifest}. */
  static VideoRow of(Row row) {
    return new VideoRow(
        row.getAs(Prompts.ROW_COLUMN),
        row.getAs(Prompts.PROMPT_COLUMN),
        row.getAs("status"),
        Optional.ofNullable(row.getAs("key")).map(key -> settings(row)),
        Optional.ofNullable((String) row.getAs("uri")).map(uri -> video(row, uri)),
        Optional.ofNullable((Row) row.getAs("error"))
            .map(error -> new Failure(error.getAs("code"), error.getAs("message"))));
  }

  private static Settings settings(Row row) {
    return new Settings(
        row.getAs("width"),
        row.getAs("height"),
        row.getAs("frames"),
        row.getAs("seed"),
        row.getAs("steps"),
        row.getAs("guidance"),
        row.getAs("attention"));
  }

  private static Video video(Row row, String uri) {
    Row timings = row.getAs("timings");
    long millis = 0;
    for (int stage = 0; stage < timings.size(); stage++) {
      millis += timings.getLong(stage);
    }
    return new Video(lastTwoNames(uri), row.getAs("fps"), row.getAs("sparsity"), millis / 1000.0);
  }

  /** A video lies at {@code ab/abcd...mp4} below the output directory. */
  private static String lastTwoNames(String uri) {
    int last = uri.lastIndexOf('/');
    return uri.substring(uri.lastIndexOf('/', last - 1) + 1);
  }
}
