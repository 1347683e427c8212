package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class VideoGeneratorTest {
  private static final StructType PROMPTS =
      new StructType().add("id", DataTypes.IntegerType).add("prompt", DataTypes.StringType);

  private static SparkSession spark;

  @TempDir Path directory;
  private VideoGenerator generator;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2]", Map.of(ReelsparkConf.MODEL_DIRECTORY.key(), TestModels.directory()));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @BeforeEach
  void open() {
    generator = new VideoGenerator(spark);
  }

  @AfterEach
  void close() throws InterruptedException {
    // Those of a job that failed write to the directory, which is deleted next.
    RunningTasks.awaitEnd();
    generator.close();
    spark.conf().unset(ReelsparkConf.OUTPUT_DIRECTORY.key());
    spark.conf().unset(ReelsparkConf.FAIL_ON_ERROR.key());
  }

  private void writeTo(Path output) {
    spark.conf().set(ReelsparkConf.OUTPUT_DIRECTORY.key(), output.toString());
  }

  private static Dataset<Row> prompts(String... prompts) {
    List<Row> rows = new ArrayList<>();
    for (String prompt : prompts) {
      rows.add(RowFactory.create(rows.size(), prompt));
    }
    return spark.createDataFrame(rows, PROMPTS);
  }

  private List<Row> generate(Dataset<Row> prompts) {
    return collectById(generator.generate(prompts, TestModels.QUICK).select("id", "video.*"));
  }

  /** Sorts here, because a sort in Spark first samples its input, which would generate twice. */
  private static List<Row> collectById(Dataset<Row> results) {
    return results.collectAsList().stream()
        .sorted(Comparator.comparing((Row row) -> row.<Integer>getAs("id")))
        .toList();
  }

  private static <T> List<T> column(List<Row> rows, String name) {
    return rows.stream().map(row -> row.<T>getAs(name)).toList();
  }

  @Test
  void resultDoesNotDependOnPartitioning() {
    Dataset<Row> three =
        prompts("a red circle moves up", "a blue square moves left", "a green cross moves down");

    List<byte[]> spread = column(generate(three), "bytes");
    List<byte[]> together =
        column(
            collectById(
                three
                    .coalesce(1)
                    .mapPartitions(
                        new GenerateRows(
                            ReelsparkConf.of(spark),
                            TestModels.QUICK,
                            GenerationMetrics.register(spark.sparkContext()),
                            InputColumns.of(PROMPTS)),
                        Encoders.row(PROMPTS.add(VideoGenerator.RESULT_COLUMN, ResultRows.SCHEMA)))
                    .select("id", "video.*")),
            "bytes");

    assertThat(spread).hasSize(3).doesNotContainNull();
    for (int i = 0; i < 3; i++) {
      assertThat(together.get(i)).isEqualTo(spread.get(i));
    }
  }

  @Test
  void rowsAtFaultCarryTheirErrorAndTheOthersFinish() {
    List<Row> rows =
        generate(prompts("a red circle moves up", null, "", "a".repeat(100 * 1024), "a\ufffdb"));

    assertThat(statuses(rows)).containsExactly("generated", "failed", "failed", "failed", "failed");
    for (Row row : rows.subList(1, rows.size())) {
      Row error = row.getAs("error");
      assertThat(error.<String>getAs("class")).isEqualTo("ROW");
      assertThat(error.<String>getAs("code")).isEqualTo("INVALID_PROMPT");
      assertThat(error.<String>getAs("message")).isNotBlank();
    }
  }

  private static List<String> statuses(List<Row> rows) {
    return column(rows, "status");
  }

  @Test
  void columnsNamedLikeOptionsSetThemUnlessNull() {
    StructType schema =
        PROMPTS
            .add("Seed", DataTypes.LongType)
            .add("steps", DataTypes.StringType)
            .add("note", DataTypes.StringType);
    List<Row> inputs =
        List.of(
            RowFactory.create(0, "a red circle moves up", 42L, "1", "kept"),
            RowFactory.create(1, "a red circle moves up", null, null, null),
            RowFactory.create(2, "a red circle moves up", null, "fast", null));

    List<Row> rows =
        collectById(
            generator
                .generate(spark.createDataFrame(inputs, schema), TestModels.QUICK)
                .select("id", "note", "video.seed", "video.steps", "video.error.message"));

    assertThat(rows.get(0)).isEqualTo(RowFactory.create(0, "kept", 42L, 1, null));
    assertThat(rows.get(1)).isEqualTo(RowFactory.create(1, null, 0L, 2, null));
    assertThat(rows.get(2).getString(4)).contains("'steps'", "'fast'", "1 to 1000");
  }

  @Test
  void secondRunSkipsWhatTheOutputHoldsAndMakesTheRest() throws IOException {
    writeTo(directory);
    List<Row> first = generate(prompts("a red circle moves up"));
    List<Row> second = generate(prompts("a red circle moves up", "a blue square moves left"));

    assertThat(statuses(first)).containsExactly("generated");
    assertThat(statuses(second)).containsExactly("skipped", "generated");
    assertThat(second.get(0).<String>getAs("uri")).isEqualTo(first.get(0).getAs("uri"));
    assertThat(second.get(0).<byte[]>getAs("bytes")).isNull();
    for (Row row : second) {
      Path file = Path.of(URI.create(row.getAs("uri")));
      assertThat(Files.size(file)).isEqualTo(row.<Long>getAs("byte_size"));
    }
  }

  @Test
  void planGeneratesAndWritesNothing() throws IOException {
    writeTo(directory.resolve("unused"));

    List<Row> rows =
        collectById(
            generator
                .plan(prompts("a red circle moves up", ""), TestModels.QUICK)
                .select("id", "plan.status", "plan.tokens", "plan.model_runs", "plan.error_code"));

    assertThat(rows)
        .containsExactly(
            RowFactory.create(0, "pending", 192, 4, null),
            RowFactory.create(1, "failed", null, null, "INVALID_PROMPT"));
    assertThat(directory.resolve("unused")).doesNotExist();
  }

  @Test
  void oneRequestInManyRowsMakesOneFile() throws IOException {
    writeTo(directory);

    List<Row> rows = generate(prompts("a red circle moves up", "a red circle moves up"));

    assertThat(rows.get(0).<String>getAs("uri")).isEqualTo(rows.get(1).getAs("uri"));
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(file -> file.toString().endsWith(".mp4"))).hasSize(1);
    }
  }

  @Test
  void progressCountsVideosErrorsAndSteps() throws InterruptedException {
    generate(prompts("a red circle moves up", "a blue square moves left", ""));

    // Listener events arrive after the action ends.
    Await.until(() -> generator.tasks().size() == 3, () -> generator.tasks().toString());
    GenerationProgress progress = generator.progress();
    long work = 2L * 2 * 192; // of a video, with guidance
    assertThat(progress.generated()).isEqualTo(2);
    assertThat(progress.failed()).isEqualTo(1);
    assertThat(progress.steps()).isEqualTo(4);
    assertThat(progress.work()).isEqualTo(new GenerationProgress.Work(2 * work, 0, 2 * work, 0));
    assertThat(progress.timings().denoiseMillis()).isPositive();
  }

  @Test
  void modelIsLoadedOnceForAllTasks() {
    generate(prompts("a red circle moves up"));
    int loads = ExecutorRuntime.instance().loads();

    generate(prompts("a red circle moves up", "a blue square moves left"));

    assertThat(ExecutorRuntime.instance().loads()).isEqualTo(loads);
  }

  @Test
  void failOnErrorFailsTheQueryWithTheRowsError() {
    spark.conf().set(ReelsparkConf.FAIL_ON_ERROR.key(), "true");

    assertThatThrownBy(() -> generate(prompts(""))).hasStackTraceContaining("the prompt is blank");
  }

  @Test
  void outputOfAnotherModelStopsTheJob() throws IOException {
    writeTo(directory);
    generate(prompts("a red circle moves up"));
    Path description = directory.resolve("_reelspark.json");
    Files.writeString(
        description,
        Files.readString(description)
            .replaceAll("\"modelDigest\" : \"\\w+\"", "\"modelDigest\" : \"0\""));

    assertThatThrownBy(() -> generate(prompts("a red circle moves up")))
        .hasStackTraceContaining("choose another output directory");
  }

  @Test
  void unwritableOutputStopsTheJob() throws IOException {
    writeTo(Files.writeString(directory.resolve("file"), ""));

    assertThatThrownBy(() -> generate(prompts("a red circle moves up")))
        .hasStackTraceContaining("cannot use output directory");
  }

  @Test
  void missingModelStopsTheJobAndNamesTheDirectory() {
    String model = TestModels.directory();
    spark.conf().set(ReelsparkConf.MODEL_DIRECTORY.key(), "/no/such/model");
    try {
      assertThatThrownBy(() -> generate(prompts("a red circle moves up")))
          .hasStackTraceContaining("/no/such/model");
    } finally {
      spark.conf().set(ReelsparkConf.MODEL_DIRECTORY.key(), model);
    }
  }

  @Test
  void inputWithoutAPromptColumnIsRefused() {
    assertThatThrownBy(() -> generator.generate(spark.range(1).toDF("text"), TestModels.QUICK))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
        .hasMessageContaining("struct<text:bigint>");
  }

  @Test
  void unknownDefaultOptionIsRefusedBeforeAnythingRuns() {
    assertThatThrownBy(() -> generator.generate(prompts("a"), Map.of("guidence", "3")))
        .hasMessageContaining("did you mean 'guidance'?");
  }

  @Test
  void cancelledJobEndsSoonAndLeavesTheModelFree() throws InterruptedException {
    // Minutes on any machine, for progress comes every few seconds.
    Map<String, String> endless =
        Map.of("width", "128", "height", "128", "frames", "33", "steps", "1000");
    Dataset<Row> slow = generator.generate(prompts("a red circle moves up"), endless);
    CompletableFuture<List<Row>> job =
        CompletableFuture.supplyAsync(
            () -> {
              spark.sparkContext().setJobGroup("cancelled", "to be cancelled", false);
              return slow.collectAsList();
            });
    Await.until(() -> generator.progress().steps() > 0, () -> "no step", job);

    spark.sparkContext().cancelJobGroup("cancelled");

    assertThatThrownBy(() -> Await.end(job)).hasStackTraceContaining("cancelled");
    assertThat(statuses(generate(prompts("a red circle moves up")))).containsExactly("generated");
    assertThat(generator.progress().steps()).isLessThan(1000);
  }
}
