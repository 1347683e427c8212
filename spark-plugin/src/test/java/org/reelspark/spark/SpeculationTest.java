package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An executor that stands still, and Spark's second attempt at its clip elsewhere. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class SpeculationTest {
  private static final int STEPS = 20;

  @TempDir Path directory;

  @Test
  void secondAttemptGoesOnFromTheFirstOnesStepsAndBothLeaveOneVideo()
      throws IOException, InterruptedException {
    Map<String, String> settings = new TreeMap<>(ClipJob.SETTINGS);
    // The second task is not to wait for the executor that has its input.
    settings.put("spark.locality.wait", "0");
    settings.put("spark.speculation", "true");
    settings.put("spark.speculation.interval", "100ms");
    settings.put("spark.speculation.quantile", "0.5");
    // At once after the other task, however long both stood still.
    settings.put("spark.speculation.multiplier", "0.1");
    settings.put("spark.speculation.efficiency.enabled", "false");
    ClipJob job = new ClipJob(2, STEPS, directory.resolve("clips"));
    try (StandaloneCluster cluster = StandaloneCluster.start(2, directory);
        SparkSession spark =
            SparkSessions.withPlugin(cluster.url(), SparkSessions.withClasses(settings))) {
      SparkSessions.awaitExecutors(spark, 2);
      List<String> keys = job.keys(spark);
      Placement placement = new Placement();
      StepCounter steps = new StepCounter();
      spark.sparkContext().addSparkListener(placement);
      spark.sparkContext().addSparkListener(steps);

      Hold hold = Hold.after(STEPS / 4, job.output());
      CompletableFuture<Void> run = job.start(spark);
      // The last stage is now the one that makes clips.
      hold.await(keys, run);
      // Not the one with the input of both tasks, for which Spark would wait.
      Await.until(
          () -> placement.newcomersTask().isPresent(), () -> "no task on the other executor", run);
      String key = keys.get(placement.newcomersTask().orElseThrow());
      hold.await(List.of(key), run);
      ProcessHandle executor = hold.process(key).orElseThrow();
      Processes.signal(executor, "STOP");
      hold.release();
      Await.until(() -> job.isFinished(key), () -> "no second attempt has finished the clip", run);
      byte[] video = Files.readAllBytes(job.video(key));
      Processes.signal(executor, "CONT");
      Await.end(run);
      steps.awaitSum(2L * STEPS);

      assertThat(steps.resumed()).isEqualTo(STEPS / 4);
      assertThat(job.finished()).isEqualTo(2);
      assertThat(job.manifest(spark).filter("status = 'generated'").count()).isEqualTo(2);
      assertThat(job.video(key)).hasBinaryContent(video);
    }
  }
}
