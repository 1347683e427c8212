package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.generate.Checkpoints;

/** An executor that ends as processes end under {@code kill -9}. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class LostExecutorTest {
  private static final int CLIPS = 5;
  private static final int STEPS = 20;
  private static final Map<String, String> OPTIONS =
      Map.of("width", "64", "height", "64", "frames", "5", "steps", Integer.toString(STEPS));

  @TempDir Path directory;

  /** Which executor is at which task of the stage that was submitted last. */
  private static final class Placement extends SparkListener {
    private final Map<Integer, String> executorByTask = new ConcurrentHashMap<>();

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
      executorByTask.clear();
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
      executorByTask.put(event.taskInfo().index(), event.taskInfo().executorId());
    }
  }

  @Test
  void executorLostAtHalfCostsAtMostOneStepAndNoBit() throws IOException, InterruptedException {
    Path interrupted = directory.resolve("interrupted");
    Path unbroken = directory.resolve("unbroken");
    Map<String, String> settings =
        Map.of(
            ReelsparkConf.MODEL_DIRECTORY.key(),
            TestModels.directory(),
            ReelsparkConf.CPU_THREADS.key(),
            "1");
    try (SparkSession spark = SparkSessions.withPluginOnCluster(2, settings)) {
      SparkSessions.awaitExecutors(spark, 2);
      Dataset<Row> prompts =
          spark.range(0, CLIPS, 1, 1).selectExpr("'a red circle moves up' prompt", "id seed");
      List<String> keys = keys(spark, prompts);
      Placement placement = new Placement();
      StepCounter steps = new StepCounter();
      spark.sparkContext().addSparkListener(placement);
      spark.sparkContext().addSparkListener(steps);

      CompletableFuture<Void> job = CompletableFuture.runAsync(() -> save(prompts, interrupted, 1));
      int clip = awaitCheckpoint(interrupted, keys, STEPS / 2, job);
      kill(placement.executorByTask.get(clip));
      int kept = Checkpoints.stepsDone(interrupted, keys.get(clip));
      job.join();
      long taken = steps.taken();
      long resumed = steps.resumed();
      save(prompts, unbroken, 0);

      assertThat(resumed).as("steps not taken again").isEqualTo(kept).isGreaterThanOrEqualTo(10);
      // The lost executor took those that it kept, and had begun at most one more.
      assertThat(taken + kept + 1).isLessThanOrEqualTo((long) (1.02 * CLIPS * STEPS));
      for (String key : keys) {
        assertThat(video(interrupted, key)).as(key).hasSameBinaryContentAs(video(unbroken, key));
      }
      assertThat(figures(spark, interrupted)).isEqualTo(figures(spark, unbroken));
      assertThat(interrupted.resolve("_checkpoints")).isEmptyDirectory();
    }
  }

  private static List<String> keys(SparkSession spark, Dataset<Row> prompts) {
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      return generator
          .plan(prompts, OPTIONS)
          .select("plan.key")
          .as(Encoders.STRING())
          .collectAsList();
    }
  }

  private static void save(Dataset<Row> prompts, Path output, int checkpointSteps) {
    prompts
        .write()
        .format("reelspark")
        .options(OPTIONS)
        .option("checkpoint_steps", checkpointSteps)
        .mode(SaveMode.Append)
        .save(output.toString());
  }

  /** Index of the first clip that has come so far. */
  private static int awaitCheckpoint(
      Path output, List<String> keys, int stepsDone, CompletableFuture<Void> job)
      throws InterruptedException {
    while (!job.isDone()) {
      for (String key : keys) {
        if (Checkpoints.stepsDone(output, key) >= stepsDone) {
          return keys.indexOf(key);
        }
      }
      Thread.sleep(2);
    }
    throw new AssertionError("the job ended before anything was seen of it");
  }

  /** Executors of a local cluster are children of this process. */
  private static void kill(String executor) {
    ProcessHandle process =
        ProcessHandle.current()
            .children()
            .filter(child -> commandLine(child).contains("\0--executor-id\0" + executor + "\0"))
            .findFirst()
            .orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Java's own view of it ends after one page. */
  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path video(Path output, String key) {
    return output.resolve(key.substring(0, 2)).resolve(key + ".mp4");
  }

  private static List<Row> figures(SparkSession spark, Path output) {
    return spark
        .read()
        .format("reelspark")
        .load(output.toString())
        .select("key", "status", "tokens", "sparsity")
        .orderBy("key")
        .collectAsList();
  }
}
