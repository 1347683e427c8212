package org.reelspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.spark.RunningTasks;
import org.reelspark.video.DecodedVideo;
import picocli.CommandLine;

/** Runs the whole job on the sample model, in small pictures and few steps. */
@Timeout(300)
class GenerateVideosTest {
  private static final List<String> SMALL =
      List.of("--set", "width=64", "--set", "height=64", "--set", "frames=5", "--set", "steps=2");

  @TempDir private Path directory;

  /** Those of a job that ended early write here, and the directory is deleted next. */
  @AfterEach
  void awaitTasks() throws InterruptedException {
    RunningTasks.awaitEnd();
  }

  @Test
  void makesVideosKeepsFailedRowsApartAndSkipsWhatIsDone() throws IOException {
    Path prompts =
        Files.writeString(
            directory.resolve("prompts.csv"),
            "prompt,seed,width,negative_prompt\n"
                + "a red circle moves right,1,,blue\n"
                + ",2,,\n"
                + "a blue square moves up,3,63,\n"
                + "a rosé circle moves down,4,,\n"
                + "x".repeat(100_000)
                + ",5,,\n"
                + "a green cross moves left,6,,\n",
            StandardCharsets.ISO_8859_1);
    Outcome first = run(prompts);

    assertThat(first.exitCode()).as(first.err()).isEqualTo(GenerateVideos.SOME_ROWS_FAILED);
    assertThat(first.out())
        .contains("6 rows: 2 to generate, 0 skipped (already there), 4 failed")
        .contains("6 rows: 2 generated, 0 skipped, 4 failed (3 INVALID_PROMPT, 1 INVALID_SIZE)")
        .contains("row 2: INVALID_PROMPT: the prompt is null")
        .contains("row 3: INVALID_SIZE: width 63")
        .contains("row 4: INVALID_PROMPT", "UTF-8")
        .contains("row 5: INVALID_PROMPT", "100000 characters")
        .contains("Videos: " + output().resolve("index.html"));
    assertThat(first.err()).contains("6 of 6 videos, 4 failed, 4 of 4 steps");
    List<Path> videos = files(".mp4");
    assertThat(videos).hasSize(2).allSatisfy(GenerateVideosTest::assertPlays);
    assertThat(statuses())
        .containsExactly("generated", "failed", "failed", "failed", "failed", "generated");
    assertPageShows(2, 4);
    assertThat(output().resolve("report.html"))
        .content()
        .contains("2 videos in", "sparsity by layer", "INVALID_SIZE");

    Map<Path, FileTime> times = modificationTimes(videos);
    Outcome second = run(prompts);

    assertThat(second.exitCode()).isEqualTo(GenerateVideos.SOME_ROWS_FAILED);
    assertThat(second.out()).contains("6 rows: 0 generated, 2 skipped, 4 failed");
    assertThat(output().resolve("report.html")).content().contains("2 videos in");
    assertThat(modificationTimes(files(".mp4"))).isEqualTo(times);
    assertPageShows(2, 4);
  }

  @Test
  void tellsWhatItWouldDoWithoutLeavingAnything() throws IOException {
    Path prompts = write("prompts.txt", "a red circle moves right\na cyan square moves up\n");
    Outcome outcome = run(prompts, "--dry-run", "--attention", "dense", "--limit", "1");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(GenerateVideos.ALL_ROWS_DONE);
    assertThat(outcome.out())
        .contains("1 rows: 1 to generate, 0 skipped (already there), 0 failed")
        .contains("1 x 64x64 pixels, 5 frames: 128 tokens, 2 steps, 4 model runs, dense attention")
        .containsPattern("The run takes about \\d");
    assertThat(output()).doesNotExist();
  }

  @Test
  void mainReturnsAfterSuccess() {
    // An exit would end the JVM of the tests.
    GenerateVideos.main(new String[] {"--help"});
  }

  static Stream<Arguments> cancellations() {
    return Stream.of(
        argumentSet("by Ctrl-C", (Runnable) GenerateVideosTest::pressCtrlC),
        argumentSet(
            "in Spark",
            (Runnable)
                () -> SparkSession.getDefaultSession().get().sparkContext().cancelAllJobs()));
  }

  /** What the signal does; the second one is left to the JVM. */
  private static void pressCtrlC() {
    assertThat(KeyboardInterrupt.cancel()).isTrue();
    assertThat(KeyboardInterrupt.cancel()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("cancellations")
  void stopsWithoutHarmWhenCancelledAndGoesOnWhenRunAgain(Runnable cancel) throws Exception {
    Path prompts = write("prompts.txt", "a red circle moves right\na cyan square moves up\n");
    CompletableFuture<Outcome> cancelled =
        CompletableFuture.supplyAsync(() -> run(prompts, "--set", "steps=500"));
    while (files(".json").isEmpty()) {
      assertThat(cancelled).isNotDone();
      TimeUnit.MILLISECONDS.sleep(50);
    }
    cancel.run();

    assertThat(cancelled.get().exitCode()).isEqualTo(GenerateVideos.COULD_NOT_RUN);
    assertThat(cancelled.get().err()).contains("error: CANCELLED");
    RunningTasks.awaitEnd();
    assertThat(files(".tmp")).isEmpty();
    assertThat(run(prompts).exitCode()).isEqualTo(GenerateVideos.ALL_ROWS_DONE);
    assertThat(files(".mp4")).hasSize(2);
  }

  @Test
  void whatACancellationCutsOffIsReportedAsCancelled() {
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        new CommandLine(new GenerateVideos()).setErr(new PrintWriter(err, true));
    Exception cause = new IllegalStateException("[SPARK_JOB_CANCELLED] Job 0 cancelled");

    int exitCode =
        GenerateVideos.report(
            new ReelsparkException(ErrorCode.INVALID_INPUT, "cannot read prompts.csv", cause),
            commandLine);

    assertThat(exitCode).isEqualTo(GenerateVideos.COULD_NOT_RUN);
    assertThat(err.toString()).contains("error: CANCELLED").doesNotContain("prompts.csv");
  }

  @Test
  void refusesToMixVideosOfTwoModels() throws IOException {
    Files.createDirectories(output());
    Files.writeString(
        output().resolve("_reelspark.json"),
        "{\"layoutVersion\":1,\"planVersion\":2,\"modelFamily\":\"wan2.1\",\"modelDigest\":\"0\"}");

    assertCannotRun(run(write("prompts.txt", "a ball\n")), "OUTPUT_MISMATCH", "choose another");
  }

  @Test
  void saysWhyItCannotRun() throws IOException {
    Path prompts = write("prompts.txt", "a ball\n");
    Path file = write("file", "not a directory");

    assertCannotRun(run(directory.resolve("none.csv")), "INVALID_INPUT", "none.csv");
    assertCannotRun(run(prompts, "--out", file + "/out"), "OUTPUT_UNWRITABLE", "--out");
    assertCannotRun(run(prompts, "--out", "s3a://bucket/out"), "OUTPUT_UNWRITABLE", "hadoop-aws");
    assertCannotRun(run(prompts, "--model", directory + "/none"), "MODEL_NOT_FOUND", "none");
    assertCannotRun(run(prompts, "--limit", "0"), "INVALID_OPTION", "--limit");
    assertCannotRun(run(prompts, "--set", "step=3"), "INVALID_OPTION", "'steps'");
  }

  /** Executors in processes of their own: their exceptions do not reach the job as they are. */
  @Test
  void saysWhyExecutorsCannotRun() throws IOException {
    // Spark looks for its own jars here; all classes come from this JVM's class path.
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    Map<String, String> cluster =
        Map.of(
            "spark.master",
            "local-cluster[1,1,1024]",
            "spark.executor.memory",
            "512m",
            "spark.executor.extraClassPath",
            System.getProperty("java.class.path"));
    cluster.forEach(System::setProperty);
    try {
      Outcome outcome = run(write("prompts.txt", "a ball\n"), "--model", directory + "/none");

      assertCannotRun(outcome, "error: MODEL_NOT_FOUND: model directory " + directory + "/none");
      assertThat(outcome.err()).doesNotContain("CANCELLED", "SPARK_JOB");
    } finally {
      cluster.keySet().forEach(System::clearProperty);
    }
  }

  @Test
  void explainsItsArguments() {
    Outcome unknown = run(directory, "--dry-rum");

    assertThat(unknown.exitCode()).isEqualTo(GenerateVideos.COULD_NOT_RUN);
    assertThat(unknown.err()).contains("Unknown option: '--dry-rum'", "--dry-run");
    assertThat(run("--help").out()).contains("Exit code: 0", "--prompts=FILE");
  }

  private static void assertCannotRun(Outcome outcome, String... fragments) {
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(GenerateVideos.COULD_NOT_RUN);
    assertThat(outcome.err()).contains("error: ").contains(fragments);
  }

  private static void assertPlays(Path video) {
    DecodedVideo decoded = DecodedVideo.decode(video);

    assertThat(decoded.codec()).isEqualTo("h264");
    assertThat(decoded.frames().count()).isEqualTo(5);
    assertThat(decoded.frames().width()).isEqualTo(64);
    assertThat(decoded.frames().height()).isEqualTo(64);
  }

  private void assertPageShows(int videos, int errors) throws IOException {
    Document page = Jsoup.parse(Files.readString(output().resolve("index.html")));

    assertThat(page.select("video").eachAttr("src"))
        .hasSize(videos)
        .allSatisfy(link -> assertThat(output().resolve(link)).isNotEmptyFile());
    assertThat(page.select(".error")).hasSize(errors);

    assertThat(page.select("header a").eachAttr("href")).containsExactly("report.html");
  }

  /** Statuses of the only manifest so far, in its order. */
  private List<String> statuses() {
    try (SparkSession spark = LocalSpark.session()) {
      Row[] rows = (Row[]) spark.read().parquet(output() + "/manifest").orderBy("row").collect();
      return Arrays.stream(rows).map(row -> row.<String>getAs("status")).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Path output() {
    return directory.resolve("out");
  }

  /** Passes over what a running job moves meanwhile, where {@link Files#walk} would throw. */
  private List<Path> files(String ending) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        output(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(ending)) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
    return files.stream().sorted().toList();
  }

  private static Map<Path, FileTime> modificationTimes(List<Path> files) throws IOException {
    Map<Path, FileTime> times = new TreeMap<>();
    for (Path file : files) {
      times.put(file, Files.getLastModifiedTime(file));
    }
    return times;
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(directory.resolve(name), content);
  }

  /** Later arguments win over the usual ones. */
  private Outcome run(Path prompts, String... arguments) {
    Map<String, String> options = new TreeMap<>();
    options.put("--prompts", prompts.toString());
    options.put("--model", "sample-model");
    options.put("--out", output().toString());
    List<String> all = new ArrayList<>(SMALL);
    List<String> given = List.of(arguments);
    options.forEach(
        (name, value) -> {
          if (!given.contains(name)) {
            all.addAll(List.of(name, value));
          }
        });
    all.addAll(given);
    return run(all.toArray(String[]::new));
  }

  private static Outcome run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream capturedOut = new ByteArrayOutputStream();
    ByteArrayOutputStream capturedErr = new ByteArrayOutputStream();
    System.setOut(new PrintStream(capturedOut, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(capturedErr, true, StandardCharsets.UTF_8));
    try {
      int exitCode = GenerateVideos.run(arguments);
      return new Outcome(
          exitCode,
          capturedOut.toString(StandardCharsets.UTF_8),
          capturedErr.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private record Outcome(int exitCode, String out, String err) {}
}
