package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that leave in the middle of a clip, told or untold. */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class LostExecutorTest {
  private static final int STEPS = 20;

  private static SparkSession spark;

  @TempDir Path directory;
  private final Placement placement = new Placement();
  private final StepCounter steps = new StepCounter();

  @BeforeAll
  static void start() throws IOException {
    Map<String, String> settings = new TreeMap<>(ClipJob.SETTINGS);
    settings.put("spark.decommission.enabled", "true");
    spark = SparkSessions.withPluginOnCluster(2, settings);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @BeforeEach
  void listen() throws InterruptedException {
    SparkSessions.awaitExecutors(spark, 2);
    for (SparkListener listener : List.of(placement, steps)) {
      spark.sparkContext().addSparkListener(listener);
    }
  }

  @AfterEach
  void stopListening() {
    for (SparkListener listener : List.of(placement, steps)) {
      spark.sparkContext().removeSparkListener(listener);
    }
  }

  /** Executors of a local cluster are children of this process. */
  private ProcessHandle executor(int task) {
    return Processes.executor(placement.executor(task), Stream.of(ProcessHandle.current()));
  }

  @Test
  void executorKilledAtHalfCostsAtMostOneStepAndNoBit() throws IOException, InterruptedException {
    ClipJob job = new ClipJob(5, STEPS, directory.resolve("interrupted"));
    ClipJob unbroken = new ClipJob(5, STEPS, directory.resolve("unbroken"));
    List<String> keys = job.keys(spark);

    CompletableFuture<Void> run = job.start(spark);
    int clip = job.awaitSteps(keys, STEPS / 2);
    ProcessHandle executor = executor(clip);
    executor.destroyForcibly();
    executor.onExit().join();
    int kept = job.stepsKept(keys.get(clip));
    run.join();
    steps.awaitSum((long) keys.size() * STEPS);

    assertThat(steps.resumed())
        .as("steps not taken again")
        .isEqualTo(kept)
        .isGreaterThanOrEqualTo(STEPS / 2);
    // The lost executor took those that it kept, and had begun at most one more.
    assertThat(steps.taken() + kept + 1).isLessThanOrEqualTo((long) (1.02 * keys.size() * STEPS));
    unbroken.save(spark, 0);
    for (String key : keys) {
      assertThat(job.video(key)).as(key).hasSameBinaryContentAs(unbroken.video(key));
    }
    assertThat(job.figures(spark)).isEqualTo(unbroken.figures(spark));
    assertThat(directory.resolve("interrupted/_checkpoints")).isEmptyDirectory();
  }

  @Test
  void executorThatIsDecommissionedFinishesItsClip() throws IOException, InterruptedException {
    ClipJob job = new ClipJob(3, STEPS, directory);
    List<String> keys = job.keys(spark);

    CompletableFuture<Void> run = job.start(spark);
    ProcessHandle executor = executor(job.awaitSteps(keys, 2));
    Processes.signal(executor, "PWR");
    run.join();
    executor.onExit().join();
    steps.awaitSum((long) keys.size() * STEPS);

    assertThat(steps.resumed()).isZero();
    // One that was finished there is found again if its row went with the executor.
    assertThat(job.manifest(spark).filter("status IN ('generated', 'skipped')").count())
        .isEqualTo(keys.size());
  }
}
