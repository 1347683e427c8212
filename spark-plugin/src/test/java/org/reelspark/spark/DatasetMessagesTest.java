package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** What a user is told where a write or a load could pass for a success, or for another fault. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DatasetMessagesTest {
  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark = SparkSessions.withPlugin("local[1]", Map.of());
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static DataFrameWriter<Row> writer(String prompts) {
    return spark
        .sql("SELECT * FROM VALUES " + prompts + " AS t(prompt, width)")
        .write()
        .format("reelspark")
        .option("model", TestModels.directory())
        .options(Map.of("height", "32", "frames", "5", "steps", "1"))
        .mode(SaveMode.Append);
  }

  @Test
  void writeSaysHowManyRowsFailed() {
    String path = directory.resolve("clips").toString();

    String log =
        logOf(
            DatasetWriter.class,
            () -> writer("('a red circle moves up', 32), ('', 32), ('a', 33)").save(path));

    assertThat(log).contains("2 rows failed: {INVALID_PROMPT=1, INVALID_SIZE=1}", path);
    assertThat(logOf(DatasetWriter.class, () -> writer("('a red circle moves up', 32)").save(path)))
        .isEmpty();
  }

  @Test
  void saysOnceThatASessionCannotChooseTheDevice() {
    String key = ReelsparkConf.GPU_DEVICE.key();
    spark.conf().set(key, "late");
    Runnable query = () -> spark.sql("SELECT hilbert_index(0, 0, 0, 2, 2, 2)").schema();
    try {
      assertThat(logOf(StartSettings.class, query)).contains(key + " is 'late' in this session");
      assertThat(logOf(StartSettings.class, query)).isEmpty();
    } finally {
      spark.conf().unset(key);
    }
  }

  @Test
  void queryThatNamesNoModelIsRefusedBeforeItRuns() {
    Dataset<Row> prompts = spark.sql("SELECT 'a red circle moves up' prompt");

    try (VideoGenerator generator = new VideoGenerator(spark)) {
      assertThat(
              List.<ThrowingCallable>of(
                  () -> spark.sql("SELECT generate_video('a red circle moves up')"),
                  () -> generator.plan(prompts, Map.of()),
                  () -> generator.generate(prompts, Map.of())))
          .allSatisfy(
              query ->
                  assertThatThrownBy(query)
                      .isInstanceOfSatisfying(
                          ReelsparkException.class,
                          e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
                      .hasMessageContaining(ReelsparkConf.MODEL_DIRECTORY.key() + " is not set"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"('left out', 32)", "('', 32), ('a', 33)"})
  void overwriteWithoutAPromptRemovesNothing(String prompts) {
    String path = directory.resolve("clips").toString();
    writer("('a red circle moves up', 32)").save(path);
    DataFrameWriter<Row> nothing =
        spark
            .sql(
                "SELECT * FROM VALUES "
                    + prompts
                    + " AS t(prompt, width) WHERE prompt <> 'left out'")
            .write()
            .format("reelspark")
            .option("model", TestModels.directory())
            .mode(SaveMode.Overwrite);

    assertThatThrownBy(() -> nothing.save(path))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
        .hasMessageContainingAll("names no video", path, "they stay");
    Dataset<Row> left = spark.read().format("reelspark").load(path);
    assertThat(left.filter("status = 'generated'").count()).isEqualTo(1);
  }

  /** What a class logs meanwhile. */
  private static String logOf(Class<?> logging, Runnable action) {
    StringWriter log = new StringWriter();
    WriterAppender appender =
        WriterAppender.createAppender(null, null, log, "written", false, true);
    Logger logger = (Logger) LogManager.getLogger(logging);
    appender.start();
    logger.addAppender(appender);
    try {
      action.run();
    } finally {
      logger.removeAppender(appender);
    }
    return log.toString();
  }

  @Test
  void directoryOfOtherFilesIsNoEmptyDataset() throws IOException {
    Files.writeString(directory.resolve("notes.txt"), "mine");

    assertThatThrownBy(() -> spark.read().format("reelspark").load(directory.toString()))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
        .hasMessageContainingAll("no videos at", directory.toString());
  }

  @Test
  void partitionsAreRefusedByTheNameThatTheUserWrote() {
    String path = directory.resolve("clips").toString();

    assertThatThrownBy(() -> writer("('a', 32)").partitionBy("width").save(path))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageContaining("leave partitionBy out");
    assertThat(Path.of(path)).doesNotExist();
  }

  @Test
  void stackTracesCarryTheCode() {
    assertThatThrownBy(() -> spark.read().format("reelspark").load("/nowhere"))
        .hasToString(
            "org.reelspark.error.ReelsparkException: INVALID_INPUT: there are no videos at"
                + " file:/nowhere; check the path, or name a model for a table to insert prompts"
                + " into: OPTIONS (model '...')");
  }
}
