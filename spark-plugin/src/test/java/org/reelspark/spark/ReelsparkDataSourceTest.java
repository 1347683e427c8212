package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ReelsparkDataSourceTest {
  private static final StructType PROMPTS =
      new StructType().add("id", DataTypes.IntegerType).add("prompt", DataTypes.StringType);
  private static final Map<String, String> QUICK =
      Map.of("width", "32", "height", "32", "frames", "5", "steps", "1");
  private static final String CIRCLE = "a red circle moves up";
  private static final String SQUARE = "a blue square moves left";

  private static SparkSession spark;

  @TempDir Path directory;
  private Path output;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2]",
            Map.of(
                "spark.hadoop.fs.quota.impl",
                QuotaFileSystem.class.getName(),
                "spark.hadoop.fs.missing.impl",
                "org.example.MissingFileSystem"));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @BeforeEach
  void name() {
    output = directory.resolve("out put");
  }

  /** Those of a job that failed write here, and the directory is deleted next. */
  @AfterEach
  void awaitTasks() throws InterruptedException {
    RunningTasks.awaitEnd();
  }

  private static Dataset<Row> prompts(String... prompts) {
    List<Row> rows = new ArrayList<>();
    for (String prompt : prompts) {
      rows.add(RowFactory.create(rows.size(), prompt));
    }
    return spark.createDataFrame(rows, PROMPTS);
  }

  private static DataFrameWriter<Row> writer(Dataset<Row> prompts) {
    return prompts
        .write()
        .format("reelspark")
        .option("model", TestModels.directory())
        .options(QUICK);
  }

  private void append(String... prompts) {
    writer(prompts(prompts)).mode(SaveMode.Append).save(output.toString());
  }

  private Dataset<Row> load() {
    return spark.read().format("reelspark").load(output.toString());
  }

  /** Lists without looking at files, because tasks of a failed job may still move theirs. */
  private List<String> videos() throws IOException {
    List<String> videos = new ArrayList<>();
    try (DirectoryStream<Path> shards = Files.newDirectoryStream(output, "[0-9a-f][0-9a-f]")) {
      for (Path shard : shards) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(shard, "[0-9a-f]*.mp4")) {
          files.forEach(file -> videos.add(output.relativize(file).toString()));
        }
      }
    }
    Collections.sort(videos);
    return videos;
  }

  private Path sidecar(String video) {
    return output.resolve(video.replace(".mp4", ".json"));
  }

  private List<Row> statuses() {
    return load().groupBy("status").count().orderBy("status").collectAsList();
  }

  private static void assertFails(ErrorCode code, ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(parts);
  }

  @Test
  void savesVideosAndLoadsTheirManifest() throws IOException {
    append(CIRCLE, SQUARE, null);

    assertThat(videos()).hasSize(2);
    Dataset<Row> manifest = load();
    assertThat(manifest.schema()).isEqualTo(DatasetManifest.SCHEMA);
    Row row = manifest.filter(manifest.col("prompt").equalTo(CIRCLE)).first();
    assertThat(row.<String>getAs("status")).isEqualTo("generated");
    assertThat(row.<Integer>getAs("width")).isEqualTo(32);
    assertThat(row.<String>getAs("input")).isEqualTo("{\"id\":0}");
    assertThat(row.<String>getAs("run")).isNotBlank();
    assertThat(row.<String>getAs("uri")).endsWith("/" + row.getAs("key") + ".mp4");
    Row failed = manifest.filter("status = 'failed'").select("error.code", "input").first();
    assertThat(failed).isEqualTo(RowFactory.create("INVALID_PROMPT", "{\"id\":2}"));
  }

  @Test
  void appendMakesOnlyWhatIsMissing() throws IOException {
    append(CIRCLE);
    byte[] first = Files.readAllBytes(output.resolve(videos().get(0)));

    append(CIRCLE, SQUARE);

    assertThat(videos()).hasSize(2);
    assertThat(statuses())
        .containsExactly(RowFactory.create("generated", 2L), RowFactory.create("skipped", 1L));
    assertThat(load().select("run").distinct().count()).isEqualTo(2);
    assertThat(videos())
        .anySatisfy(
            video -> assertThat(Files.readAllBytes(output.resolve(video))).isEqualTo(first));
  }

  @Test
  void overwriteLeavesTheRowsOfItsInputAndStrangersFiles() throws IOException {
    append(CIRCLE);
    List<String> old = videos();
    Path stranger = Files.writeString(output.resolve("notes.txt"), "mine");

    writer(prompts(SQUARE)).mode(SaveMode.Overwrite).save(output.toString());

    assertThat(videos()).hasSize(1).doesNotContainAnyElementsOf(old);
    assertThat(sidecar(old.get(0))).doesNotExist();
    assertThat(stranger).hasContent("mine");
    assertThat(load().select("prompt").collectAsList()).containsExactly(RowFactory.create(SQUARE));
  }

  @Test
  void checkpointsStayOnlyForVideosThatAreNotFinished() throws IOException {
    append(CIRCLE);
    Path finished = checkpoint(key(videos().get(0)) + ".1");
    Path cutOff = checkpoint(".%s.0.4711.tmp".formatted(key(videos().get(0))));
    Path unfinished = checkpoint("0123456789abcdef".repeat(4) + ".0");
    Path stranger = checkpoint("notes");

    append(CIRCLE);
    assertThat(finished).doesNotExist();
    assertThat(cutOff).doesNotExist();
    assertThat(unfinished).exists();

    writer(prompts(CIRCLE)).mode(SaveMode.Overwrite).save(output.toString());
    assertThat(unfinished).doesNotExist();
    assertThat(stranger).exists();
  }

  private static String key(String video) {
    return Path.of(video).getFileName().toString().replace(".mp4", "");
  }

  private Path checkpoint(String name) throws IOException {
    Path directory = Files.createDirectories(output.resolve("_checkpoints"));
    return Files.writeString(directory.resolve(name), "left by a lost executor");
  }

  @Test
  void overwriteThatFailsRemovesNothing() throws IOException {
    append(CIRCLE);
    List<String> old = videos();

    assertFails(
        ErrorCode.INVALID_PROMPT,
        () ->
            writer(prompts(SQUARE, ""))
                .option("fail_on_error", "true")
                .mode(SaveMode.Overwrite)
                .save(output.toString()),
        "prompt is blank");

    assertThat(videos()).containsAll(old);
    assertThat(load().select("prompt").collectAsList()).containsExactly(RowFactory.create(CIRCLE));
  }

  @Test
  void errorIfExistsIsTheDefaultAndSparesWhatIsThere() throws IOException {
    writer(prompts(CIRCLE)).save(output.toString());

    assertFails(
        ErrorCode.OUTPUT_EXISTS,
        () -> writer(prompts(SQUARE)).save(output.toString()),
        "append",
        output.getFileName().toString());
    writer(prompts(SQUARE)).mode(SaveMode.Ignore).save(output.toString());

    assertThat(videos()).hasSize(1);
  }

  @Test
  void damagedFilesAreRepairedByTheNextRun() throws IOException {
    append(CIRCLE, SQUARE, "a green cross moves down");
    List<String> videos = videos();
    byte[] truncated = Files.readAllBytes(output.resolve(videos.get(0)));
    byte[] withoutSidecar = Files.readAllBytes(output.resolve(videos.get(1)));
    Files.write(output.resolve(videos.get(0)), new byte[] {1, 2, 3});
    Files.writeString(sidecar(videos.get(1)), "{\"key\": \"");
    Files.writeString(sidecar(videos.get(2)), "null");

    append(CIRCLE, SQUARE, "a green cross moves down");

    assertThat(videos()).isEqualTo(videos);
    assertThat(Files.readAllBytes(output.resolve(videos.get(0)))).isEqualTo(truncated);
    assertThat(Files.readAllBytes(output.resolve(videos.get(1)))).isEqualTo(withoutSidecar);
    assertThat(statuses()).containsExactly(RowFactory.create("generated", 6L));
  }

  @Test
  void sidecarsStandInForDeletedManifests() throws IOException {
    append(CIRCLE, SQUARE);
    List<Row> before = load().drop("run", "input", "attempts").orderBy("key").collectAsList();
    deleteRecursively(output.resolve("manifest"));

    Dataset<Row> rows = load();

    assertThat(rows.schema()).isEqualTo(DatasetManifest.SCHEMA);
    assertThat(rows.drop("run", "input", "attempts").orderBy("key").collectAsList())
        .isEqualTo(before);
    append(CIRCLE, SQUARE);
    assertThat(statuses()).containsExactly(RowFactory.create("skipped", 2L));
  }

  private static void deleteRecursively(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void twoJobsAtOnceOnOneOutputLeaveOneVideoOfEachRequest() throws Exception {
    ExecutorService jobs = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> running =
          List.of(
              jobs.submit(() -> append(CIRCLE, SQUARE)), jobs.submit(() -> append(SQUARE, CIRCLE)));
      for (Future<?> job : running) {
        job.get();
      }
    } finally {
      jobs.shutdown();
    }

    assertThat(videos()).hasSize(2);
    assertThat(load().count()).isEqualTo(4);
    assertThat(load().filter("status = 'failed'").count()).isZero();
    assertThat(load().select("uri").distinct().count()).isEqualTo(2);
  }

  @Test
  void fullFileSystemIsNamedAndTheNextRunCompletes() {
    String uri = "quota://" + output.toString().replace(" ", "_");
    QuotaFileSystem.allow(400);

    assertFails(
        ErrorCode.OUTPUT_UNWRITABLE,
        () -> writer(prompts(CIRCLE, SQUARE)).mode(SaveMode.Append).save(uri),
        "full",
        "run again");
    QuotaFileSystem.allow(Long.MAX_VALUE);
    writer(prompts(CIRCLE, SQUARE)).mode(SaveMode.Append).save(uri);

    Dataset<Row> rows = spark.read().format("reelspark").load(uri);
    assertThat(rows.count()).isEqualTo(2);
    assertThat(rows.filter("status = 'failed'").count()).isZero();
  }

  @Test
  void badInputIsRefusedBeforeAnythingIsWritten() {
    Dataset<Row> good = prompts(CIRCLE);
    String path = output.toString();

    assertFails(
        ErrorCode.INVALID_INPUT,
        () -> writer(good.drop("prompt")).mode("append").save(path),
        "column 'prompt'");
    assertFails(
        ErrorCode.INVALID_INPUT,
        () -> writer(good.selectExpr("id prompt")).mode("append").save(path),
        "of strings");
    assertFails(
        ErrorCode.INVALID_INPUT,
        () -> writer(good.selectExpr("prompt", "array(1) seed")).mode("append").save(path),
        "'seed'",
        "array<int>");
    assertFails(
        ErrorCode.INVALID_OPTION,
        () -> writer(good).option("stpes", "3").mode("append").save(path),
        "'stpes'",
        "'steps'");
    assertFails(
        ErrorCode.INVALID_OPTION,
        () -> writer(good).option("steps", "many").mode("append").save(path),
        "'many'");
    assertFails(
        ErrorCode.INVALID_CONFIGURATION,
        () -> good.write().format("reelspark").mode("append").save(path),
        "option(\"model\"");
    assertFails(
        ErrorCode.INVALID_INPUT, () -> spark.read().format("reelspark").load(path), "no videos");
    assertThat(output).doesNotExist();
  }

  @Test
  void missingModelAndUnwritableOutputStopTheJob() throws IOException {
    assertFails(
        ErrorCode.MODEL_NOT_FOUND,
        () ->
            writer(prompts(CIRCLE))
                .option("model", directory.resolve("nowhere").toString())
                .mode("append")
                .save(output.toString()),
        "nowhere");
    Path file = Files.writeString(directory.resolve("file"), "");
    assertFails(
        ErrorCode.OUTPUT_UNWRITABLE,
        () -> writer(prompts(CIRCLE)).mode("append").save(file.resolve("below").toString()),
        "choose a directory");
    assertFails(
        ErrorCode.OUTPUT_UNWRITABLE,
        () -> writer(prompts(CIRCLE)).mode("append").save("nofs://host/path"),
        "nofs");
    assertFails(
        ErrorCode.OUTPUT_UNWRITABLE,
        () -> writer(prompts(CIRCLE)).mode("append").save("missing://host/path"),
        "no configured file system can open missing://host/path",
        "org.example.MissingFileSystem not found",
        "spark.jars");
  }

  @Test
  void emptyInputLeavesAnEmptyManifest() {
    append();

    assertThat(load().count()).isZero();
  }
}
