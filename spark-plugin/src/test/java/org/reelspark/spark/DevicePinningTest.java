package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Executors of a real cluster on GPUs that Spark assigned. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DevicePinningTest {
  @TempDir Path directory;

  /** Says which device Spark gave the task and which one its executor took. */
  private static final class Witness implements MapPartitionsFunction<Long, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<String> call(Iterator<Long> rows) {
      String assigned = TaskContext.get().resourcesJMap().get("gpu").addresses()[0];
      return rows(rows).map(row -> assigned + " " + ExecutorRuntime.device().name()).iterator();
    }
  }

  /** Fails as a broken GPU does, on one of the devices. */
  private static final class BrokenGpu implements MapPartitionsFunction<Long, String> {
    private static final long serialVersionUID = 1L;

    private final String address;

    BrokenGpu(String address) {
      this.address = address;
    }

    @Override
    public Iterator<String> call(Iterator<Long> rows) {
      String device = ExecutorRuntime.device().name();
      if (device.endsWith("/gpu " + address)) {
        ReelsparkException cause =
            new ReelsparkException(ErrorCode.DEVICE_FAILED, "illegal address, on purpose");
        throw new IllegalStateException("wrapped as Spark wraps it", cause);
      }
      return rows(rows).map(row -> device).iterator();
    }
  }

  /** Why executors left, in order. */
  private static final class Departures extends SparkListener {
    private final BlockingQueue<String> reasons = new LinkedBlockingQueue<>();

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
      reasons.add(event.reason());
    }
  }

  private static Stream<Long> rows(Iterator<Long> rows) {
    Iterable<Long> iterable = () -> rows;
    return StreamSupport.stream(iterable.spliterator(), false);
  }

  private SparkSession cluster(int executors, Map<String, String> settings) throws IOException {
    return SparkSessions.withPluginOnCluster(executors, FakeGpus.onePerWorker(directory, settings));
  }

  private static List<String> run(
      SparkSession spark, int tasks, MapPartitionsFunction<Long, String> work) {
    return spark
        .range(0, tasks, 1, tasks)
        .as(Encoders.LONG())
        .mapPartitions(work, Encoders.STRING())
        .collectAsList();
  }

  @Test
  void everyExecutorTakesTheGpuThatSparkAssigned() throws IOException, InterruptedException {
    try (SparkSession spark = cluster(2, Map.of())) {
      SparkSessions.awaitExecutors(spark, 2);

      List<String> lines = run(spark, 8, new Witness());

      assertThat(lines)
          .allSatisfy(
              line -> {
                String address = line.split(" ")[0];
                assertThat(line).endsWith("/gpu " + address);
              });
      assertThat(lines.stream().distinct()).hasSize(2);
    }
  }

  @Test
  void deviceThatCannotStartEndsTheJobWithItsCause() throws IOException {
    // Asks for a GPU where Spark has none to assign.
    Map<String, String> settings =
        Map.of(ReelsparkConf.BACKEND.key(), "cuda", ReelsparkConf.MAX_START_FAILURES.key(), "2");

    try (SparkSession spark = SparkSessions.withPluginOnCluster(1, settings)) {
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> spark.range(0, 4, 1, 4).count())
            .as("job %d", attempt)
            .satisfies(
                thrown ->
                    assertThat(VideoGenerator.setupFault(thrown))
                        .get()
                        .extracting(ReelsparkException::code)
                        .isEqualTo(ErrorCode.BACKEND_UNAVAILABLE))
            .hasStackTraceContaining("could not start their device")
            .hasStackTraceContaining("Spark assigned no GPU to this executor");
      }
    }
  }

  @Test
  void brokenDeviceIsQuarantinedAndTheJobEndsOnAnother() throws IOException, InterruptedException {
    Map<String, String> settings =
        Map.of(
            ReelsparkConf.MAX_DEVICE_FAILURES.key(),
            "1",
            ReelsparkConf.MAX_START_FAILURES.key(),
            "2");
    try (SparkSession spark = cluster(2, settings)) {
      SparkSessions.awaitExecutors(spark, 2);

      Departures departures = new Departures();
      spark.sparkContext().addSparkListener(departures);

      List<String> devices = run(spark, 6, new BrokenGpu("0"));

      assertThat(devices).hasSize(6).allSatisfy(device -> assertThat(device).endsWith("/gpu 1"));
      assertThat(departures.reasons.take()).contains("code 20");
      assertThat(departures.reasons.take())
          .contains("/gpu 0 is quarantined after 1 fatal failures");
    }
  }

  @Test
  void executorIsReplacedAfterOneFailureOfItsDevice() throws IOException, InterruptedException {
    Path broken = directory.resolve("failed-once");
    String brokenPath = broken.toString();
    try (SparkSession spark = cluster(1, Map.of())) {
      SparkSessions.awaitExecutors(spark, 1);

      List<String> executors =
          run(
              spark,
              2,
              rows -> {
                if (Path.of(brokenPath).toFile().createNewFile()) {
                  throw new ReelsparkException(ErrorCode.DEVICE_FAILED, "once, on purpose");
                }
                return rows(rows).map(row -> SparkEnv.get().executorId()).iterator();
              });

      assertThat(executors).hasSize(2).doesNotContain("0");
    }
  }
}
