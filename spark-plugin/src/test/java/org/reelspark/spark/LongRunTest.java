package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.generate.Cancellation;
import org.reelspark.tensor.HostMemory;

/** What a job of many or of long videos must survive. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class LongRunTest {
  /** A leak of one file or one tensor for each video shows in far fewer than this. */
  private static final int ROWS = Integer.getInteger("reelspark.longRun.rows", 200);

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2]",
            Map.of(
                ReelsparkConf.MODEL_DIRECTORY.key(),
                TestModels.directory(),
                // With one thread, each video needs the same scratch memory as the one before.
                ReelsparkConf.CPU_THREADS.key(),
                "1"));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** The one that was cancelled gives its memory back some time after its job has ended. */
  @AfterEach
  void awaitTasks() throws InterruptedException {
    RunningTasks.awaitEnd();
  }

  private static Dataset<Row> prompts(int rows) {
    return spark.range(rows).selectExpr("'a red circle moves up' prompt", "id seed");
  }

  private static long openFiles() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }

  @Test
  void badRowsCarryTheirErrorsAndAllOthersTheirVideos() {
    Dataset<Row> prompts =
        spark
            .range(200)
            .selectExpr(
                "IF(id % 40 = 7, '', 'a red circle moves up') prompt",
                "id seed", "IF(id % 40 = 23, 17, 16) width");

    try (VideoGenerator generator = new VideoGenerator(spark)) {
      List<Row> counts =
          generator
              .generate(prompts, TestModels.TINY)
              .groupBy("video.status", "video.error.code")
              .count()
              .orderBy("code")
              .collectAsList();

      assertThat(counts.stream().map(Row::toString))
          .containsExactly(
              "[generated,null,190]", "[failed,INVALID_PROMPT,5]", "[failed,INVALID_SIZE,5]");
    }
  }

  @Test
  void manyVideosLeaveNeitherMemoryNorFilesBehind() {
    spark.conf().set(ReelsparkConf.OUTPUT_DIRECTORY.key(), directory.toString());
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      generator.generate(prompts(20), TestModels.TINY).count();
      long memory = HostMemory.unclosedBytes();
      long files = openFiles();

      long made =
          generator
              .generate(prompts(ROWS), TestModels.TINY)
              .where("video.status IN ('generated', 'skipped')")
              .count();

      assertThat(made).isEqualTo(ROWS);
      assertThat(HostMemory.unclosedBytes()).isEqualTo(memory);
      // Spark opens a few files of its own for larger shuffles.
      assertThat(openFiles()).isLessThan(files + 50);
    } finally {
      spark.conf().unset(ReelsparkConf.OUTPUT_DIRECTORY.key());
    }
  }

  @Test
  void cancelledJobEndsWithinItsVideoAndFreesTheDevice() throws InterruptedException {
    Map<String, String> minutes =
        Map.of("width", "128", "height", "128", "frames", "33", "steps", "1000");
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      CompletableFuture<Long> job =
          CompletableFuture.supplyAsync(
              () -> generator.generate(prompts(1), minutes).where("video IS NOT NULL").count());
      Await.until(
          () -> generator.progress().steps() > 0, () -> "no step, the model may be loading", job);

      spark.sparkContext().cancelAllJobs();

      assertThatThrownBy(job::get)
          .isInstanceOf(ExecutionException.class)
          .hasStackTraceContaining("cancelled");
      // Waits for the device, which the video would have for many minutes yet.
      String device =
          ExecutorRuntime.instance()
              .withBackend(ReelsparkConf.of(spark), Cancellation.NEVER, backend -> backend.name());
      assertThat(device).isEqualTo("cpu");
      assertThat(generator.progress().steps()).isLessThan(1000);
    }
  }
}
