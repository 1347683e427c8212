package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A driver that ends as processes end under {@code kill -9}, and the same job again. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class LostDriverTest {
  private static final int CLIPS = 4;
  private static final int STEPS = 20;

  @TempDir Path directory;

  @Test
  void jobThatRunsAgainKeepsFinishedVideosAndStepsOfOthers()
      throws IOException, InterruptedException {
    ClipJob job = new ClipJob(CLIPS, STEPS, directory.resolve("clips"));
    // The driver makes one clip after the other, and no checkpoint after a clip's last step.
    Hold hold = Hold.after(STEPS - 1 + STEPS / 2, job.output());
    try (SparkSession spark = SparkSessions.withPlugin("local[2]", ClipJob.SETTINGS)) {
      List<String> keys = job.keys(spark);
      Process driver =
          Processes.start(
              Processes.java(
                  "512m",
                  ClipJob.class.getName(),
                  Integer.toString(CLIPS),
                  Integer.toString(STEPS),
                  job.output().toString()),
              directory.resolve("driver.log"));
      hold.await(keys, driver.onExit());
      driver.destroyForcibly().waitFor();
      hold.release();
      long finished = job.finished();

      assertThat(finished).isEqualTo(1);
      assertThat(job.manifest(spark).count()).as("videos without a manifest").isEqualTo(finished);

      StepCounter steps = new StepCounter();
      spark.sparkContext().addSparkListener(steps);
      job.save(spark, 1);
      steps.awaitSum((CLIPS - finished) * STEPS);

      assertThat(steps.resumed()).isEqualTo(STEPS / 2);
      assertThat(job.manifest(spark).filter("status = 'skipped'").count()).isEqualTo(finished);
      assertThat(job.manifest(spark).filter("status = 'generated'").count())
          .isEqualTo(CLIPS - finished);
      assertThat(job.finished()).isEqualTo(CLIPS);
    }
  }
}
