package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerResourceProfileAdded;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 180, unit = TimeUnit.SECONDS)
class GenerationProfileTest {
  @TempDir Path directory;

  /** The share of a GPU that tasks took, by stage; stages of the default profile are left out. */
  private static final class GpuShares extends SparkListener {
    private final Map<Integer, Double> shareByProfile = new ConcurrentHashMap<>();
    private final Map<Integer, Double> shareByStage = new ConcurrentHashMap<>();

    @Override
    public void onResourceProfileAdded(SparkListenerResourceProfileAdded event) {
      ResourceProfile profile = event.resourceProfile();
      shareByProfile.put(profile.id(), profile.taskResourcesJMap().get("gpu").amount());
    }

    @Override
    public void onStageCompleted(SparkListenerStageCompleted event) {
      int profile = event.stageInfo().resourceProfileId();
      if (profile != ResourceProfile.DEFAULT_RESOURCE_PROFILE_ID()) {
        shareByStage.put(event.stageInfo().stageId(), shareByProfile.get(profile));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({", 0.5", "1, 1.0"})
  void generatingTaskTakesItsShareOfTheGpu(String tasks, double share)
      throws IOException, InterruptedException {
    Map<String, String> settings = new TreeMap<>();
    settings.put("spark.task.resource.gpu.amount", "0.25");
    settings.put(ReelsparkConf.MODEL_DIRECTORY.key(), TestModels.directory());
    if (tasks != null) {
      settings.put(ReelsparkConf.TASKS_PER_GPU.key(), tasks);
    }
    settings = FakeGpus.onePerWorker(directory, settings);
    try (SparkSession spark = SparkSessions.withPluginOnCluster(1, 4, settings);
        VideoGenerator generator = new VideoGenerator(spark)) {
      GpuShares shares = new GpuShares();
      spark.sparkContext().addSparkListener(shares);
      SparkSessions.awaitExecutors(spark, 1);
      Dataset<Row> prompts = spark.range(4).selectExpr("'a red circle moves up' prompt", "id seed");

      List<Row> videos =
          generator.generate(prompts, TestModels.TINY).select("video.status").collectAsList();

      assertThat(videos)
          .hasSize(4)
          .allSatisfy(row -> assertThat(row.get(0)).isEqualTo("generated"));
      while (shares.shareByStage.isEmpty()) {
        Thread.sleep(20);
      }
      assertThat(shares.shareByStage.values()).containsExactly(share);
    }
  }
}
