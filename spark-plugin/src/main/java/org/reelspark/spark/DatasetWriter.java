package org.reelspark.spark;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.spark.DatasetManifest.InputSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One write: videos first, their manifest when all are there, then, if asked, the cleaning up. */
final class DatasetWriter {
  private static final Logger LOG = LoggerFactory.getLogger(DatasetWriter.class);
  private static final DateTimeFormatter RUN_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final int SUFFIX_LENGTH = 8;

  private final SparkSession spark;
  private final DatasetDirectory directory;
  private final SinkOptions options;

  DatasetWriter(SparkSession spark, DatasetDirectory directory, SinkOptions options) {
    this.spark = spark;
    this.directory = directory;
    this.options = options;
  }

  /**
   * Makes the videos that are not there yet and records the run.
   *
   * @param source of the manifest's column {@code input}
   * @throws ReelsparkException OUTPUT_EXISTS, OUTPUT_UNWRITABLE, OUTPUT_MISMATCH, INVALID_INPUT,
   *     and whatever stops a generator
   */
  void write(SaveMode mode, Dataset<Row> prompts, InputSource source) {
    InputColumns.of(prompts.schema());
    if (!mayWrite(mode)) {
      return;
    }
    directory.requireWritable();
    String run = newRun();
    generate(prompts, source, run);
    reportFailures(run);
    if (mode == SaveMode.Overwrite) {
      removeOthers(run);
    }
    dropCheckpoints();
  }

  /**
   * A query that finds no prompts, or none that can be used, is more often a mistake than a wish to
   * delete everything.
   */
  private void removeOthers(String run) {
    Set<String> keys = DatasetManifest.keys(spark, directory, run);
    if (keys.isEmpty()) {
      throw new ReelsparkException(
          ErrorCode.INVALID_INPUT,
          "the input names no video, so that mode(\"overwrite\") would leave none of those in %s; they stay. Check the prompts, or delete the directory if that is meant"
              .formatted(directory));
    }
    directory.keepOnly(keys, run);
  }

  /** Nothing else tells whoever does not load the manifest: the write succeeds. */
  private void reportFailures(String run) {
    Map<String, Long> failures;
    try {
      failures = DatasetManifest.failures(spark, directory, run);
    } catch (RuntimeException e) {
      LOG.warn("How many rows failed cannot be counted", e);
      return;
    }
    if (!failures.isEmpty()) {
      LOG.warn(
          "{} rows failed: {}; load {} and see its column error where status is failed",
          failures.values().stream().mapToLong(Long::longValue).sum(),
          failures,
          directory);
    }
  }

  /** The videos are there: files that nobody needs are no reason to call the run failed. */
  private void dropCheckpoints() {
    try {
      directory.dropCheckpointsOfFinishedVideos();
    } catch (ReelsparkException e) {
      LOG.warn("Checkpoints that nobody needs stay: {}", e.getMessage());
    }
  }

  private boolean mayWrite(SaveMode mode) {
    return switch (mode) {
      case Append, Overwrite -> true;
      case Ignore -> !directory.holdsFiles();
      case ErrorIfExists -> {
        if (directory.holdsFiles()) {
          throw new ReelsparkException(
              ErrorCode.OUTPUT_EXISTS,
              "%s is not empty; write with mode(\"append\") to add to it or to finish a run that was cut off, with mode(\"overwrite\") to replace it, or choose another directory"
                  .formatted(directory));
        }
        yield true;
      }
    };
  }

  @SuppressWarnings("CatchingUnchecked") // Spark's checked exceptions pass Scala's signatures
  private void generate(Dataset<Row> prompts, InputSource source, String run) {
    ReelsparkConf conf = options.conf().with(ReelsparkConf.OUTPUT_DIRECTORY, directory.toString());
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      Dataset<Row> results = generator.generate(prompts, options.defaults(), conf);
      DatasetManifest.write(results, options.defaults(), source, directory, run);
    } catch (Exception e) {
      throw reelsparkCause(e)
          .map(cause -> new ReelsparkException(cause.code(), cause.getMessage(), e))
          .orElseThrow(() -> unchanged(e));
    }
  }

  /** What went wrong behind the exceptions that Spark wraps around it. */
  private static Optional<ReelsparkException> reelsparkCause(Throwable thrown) {
    return Stream.iterate(thrown, Objects::nonNull, Throwable::getCause)
        .filter(ReelsparkException.class::isInstance)
        .map(ReelsparkException.class::cast)
        .findFirst()
        .or(() -> SetupFaults.find(thrown));
  }

  /** Throws a checked exception of Spark as Spark itself does: undeclared. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> E unchanged(Exception exception) throws E {
    throw (E) exception;
  }

  /** Sorts by time, and two runs in one second still differ. */
  private static String newRun() {
    return RUN_TIME.format(Instant.now())
        + "-"
        + UUID.randomUUID().toString().substring(0, SUFFIX_LENGTH);
  }
}
