package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that leave in the middle of a clip, told or untold. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class LostExecutorTest {
  private static final int STEPS = 20;

  @TempDir Path directory;
  private SparkSession spark;
  private final StepCounter steps = new StepCounter();

  /** Anew for each test, so that executors have taken no steps yet. */
  @BeforeEach
  void start() throws IOException, InterruptedException {
    Map<String, String> settings = new TreeMap<>(ClipJob.SETTINGS);
    settings.put("spark.decommission.enabled", "true");
    spark = SparkSessions.withPluginOnCluster(2, settings);
    spark.sparkContext().addSparkListener(steps);
    SparkSessions.awaitExecutors(spark, 2);
  }

  @AfterEach
  void stop() {
    spark.stop();
  }

  @Test
  void executorKilledAtHalfCostsAtMostTwoStepsAndNoBit() throws IOException, InterruptedException {
    ClipJob job = new ClipJob(5, STEPS, directory.resolve("interrupted"));
    ClipJob unbroken = new ClipJob(5, STEPS, directory.resolve("unbroken"));
    List<String> keys = job.keys(spark);
    Hold hold = Hold.after(STEPS / 2, job.output());

    CompletableFuture<Void> run = job.start(spark);
    String key = hold.await(keys, run);
    ProcessHandle executor = hold.process(key).orElseThrow();
    String stepsBegun = "executor.%s.steps".formatted(Processes.executorId(executor));
    // The step whose checkpoint is held, and the one that is taken meanwhile.
    int mostBegun = STEPS / 2 + 2;
    Await.until(
        () -> Gauges.value(stepsBegun) == mostBegun,
        () -> "%d steps begun, not %d".formatted(Gauges.value(stepsBegun), mostBegun),
        run);
    executor.destroyForcibly();
    Await.end(executor.onExit());
    hold.release();
    Await.end(run);
    steps.awaitSum((long) keys.size() * STEPS);
    long stepsRun = steps.taken() + mostBegun;
    Await.until(
        () -> Gauges.value("total.steps") >= stepsRun,
        () -> "%d steps begun in all".formatted(Gauges.value("total.steps")));

    assertThat(Gauges.value("total.steps"))
        .as("steps of all executors, the lost one included")
        .isEqualTo(stepsRun)
        .isLessThanOrEqualTo((long) (1.02 * keys.size() * STEPS));
    assertThat(steps.resumed()).as("steps not taken again").isEqualTo(STEPS / 2);
    unbroken.save(spark, 0);
    for (String each : keys) {
      assertThat(job.video(each)).as(each).hasSameBinaryContentAs(unbroken.video(each));
    }
    assertThat(job.figures(spark)).isEqualTo(unbroken.figures(spark));
    assertThat(job.output().resolve("_checkpoints")).isEmptyDirectory();
  }

  @Test
  void executorThatIsDecommissionedFinishesItsClip() throws IOException, InterruptedException {
    ClipJob job = new ClipJob(3, STEPS, directory.resolve("clips"));
    List<String> keys = job.keys(spark);
    Hold hold = Hold.after(2, job.output());

    CompletableFuture<Void> run = job.start(spark);
    ProcessHandle executor = hold.process(hold.await(keys, run)).orElseThrow();
    Processes.signal(executor, "PWR");
    hold.release();
    Await.end(run);
    Await.until(() -> !executor.isAlive(), () -> "the executor stays");
    steps.awaitSum((long) keys.size() * STEPS);

    assertThat(steps.resumed()).isZero();
    // One that was finished there is found again if its row went with the executor.
    assertThat(job.manifest(spark).filter("status IN ('generated', 'skipped')").count())
        .isEqualTo(keys.size());
  }
}
