package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Spark's own pages say of a run, read over HTTP. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ObservabilityTest {
  private static final StructType PROMPTS =
      new StructType().add("prompt", DataTypes.StringType).add("width", DataTypes.IntegerType);

  private static final int SAMPLE_LAYERS = 6;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        SparkSessions.withPlugin(
            "local[2, 2]", // a task may fail once
            Map.of(
                ReelsparkConf.MODEL_DIRECTORY.key(),
                TestModels.directory(),
                "spark.ui.enabled",
                "true",
                "spark.ui.port",
                "0",
                "spark.metrics.namespace",
                "reelspark_test",
                "spark.metrics.conf.*.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet",
                "spark.metrics.conf.*.sink.prometheusServlet.path",
                "/metrics/prometheus"));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** Fails the first attempt at each partition once its rows are generated. */
  private static final class FailOnce implements MapPartitionsFunction<Row, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<String> call(Iterator<Row> rows) {
      List<String> statuses = new ArrayList<>();
      rows.forEachRemaining(row -> statuses.add(row.getStruct(2).getString(0)));
      if (TaskContext.get().attemptNumber() == 0) {
        throw new IllegalStateException("on purpose");
      }
      return statuses.iterator();
    }
  }

  @Test
  void pagesAndProgressCountWhatWasDoneAlsoAfterTasksFailed()
      throws IOException, InterruptedException {
    Dataset<Row> prompts =
        spark.createDataFrame(
            Arrays.asList(
                RowFactory.create("a red circle moves up", 64),
                RowFactory.create("a blue square moves left", 96),
                RowFactory.create(null, 64),
                RowFactory.create("a red circle moves up", 63)),
            PROMPTS);
    // Executor figures belong to the JVM, which other tests use too.
    long videosBefore = ExecutorFigures.instance().snapshot().get(Metric.GENERATED.label());
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      List<String> statuses =
          generator
              .generate(prompts, TestModels.QUICK)
              .mapPartitions(new FailOnce(), Encoders.STRING())
              .collectAsList();
      assertThat(statuses).containsExactlyInAnyOrder("generated", "generated", "failed", "failed");

      while (succeeded(generator) < statuses.size()) {
        Thread.sleep(20); // listener events arrive after the action ends
      }
      assertThat(generator.progress())
          .extracting(
              GenerationProgress::generated, GenerationProgress::failed, GenerationProgress::steps)
          .containsExactly(2L, 2L, 4L);
    }

    String stages = stagesThatAreComplete();
    assertThat(accumulator(stages, "reelspark.videos")).isEqualTo("2");
    assertThat(accumulator(stages, "reelspark.failed")).isEqualTo("2");
    assertThat(accumulator(stages, "reelspark.steps")).isEqualTo("4");
    assertThat(accumulator(stages, "reelspark.errors"))
        .isEqualTo("{INVALID_PROMPT=1, INVALID_SIZE=1}");
    assertThat(Double.parseDouble(accumulator(stages, "reelspark.sparsity"))).isBetween(0.0, 1.0);
    assertThat(accumulator(stages, "reelspark.layerSparsity").split(",")).hasSize(SAMPLE_LAYERS);
    assertThat(Long.parseLong(accumulator(stages, "reelspark.work")))
        .isEqualTo(Long.parseLong(accumulator(stages, "reelspark.finishedWork")))
        .isPositive();

    // Both attempts took the executor's time.
    while (gauge("driver_plugin_.*_total_videos") < videosBefore + 4) {
      Thread.sleep(100);
    }
    assertThat(gauge("driver_plugin_.*_executors")).isEqualTo(1);
    assertThat(gauge("driver_plugin_.*_executor_driver_videos")).isEqualTo(videosBefore + 4);
    assertThat(gauge("driver_plugin_.*_executor_driver_modelLoads"))
        .isEqualTo(ExecutorRuntime.instance().loads());
    assertThat(get("/metrics/json/")).contains("ReelsparkPlugin.total.videos");
  }

  private static long succeeded(VideoGenerator generator) {
    return generator.tasks().stream()
        .filter(task -> task.outcome() == GeneratingTask.Outcome.SUCCEEDED)
        .count();
  }

  /** Pages hear of a stage through a queue of their own, after the action and other listeners. */
  private static String stagesThatAreComplete() throws IOException, InterruptedException {
    String path = "/api/v1/applications/%s/stages".formatted(appId());
    String stages = get(path);
    while (stages.contains("\"status\" : \"ACTIVE\"") || !stages.contains("reelspark.work")) {
      Thread.sleep(100);
      stages = get(path);
    }
    return stages;
  }

  /** The value of a named accumulator in the answer about stages, as the stage's page shows it. */
  private static String accumulator(String json, String name) {
    Pattern pattern =
        Pattern.compile(
            "\"name\"\\s*:\\s*\"%s\"[^}]*?\"value\"\\s*:\\s*\"([^\"]*)\""
                .formatted(Pattern.quote(name)));
    Matcher matcher = pattern.matcher(json);
    assertThat(matcher.find()).as("%s in %s", name, json).isTrue();
    return matcher.group(1);
  }

  /** A gauge's value in Prometheus' text format. */
  private static long gauge(String name) throws IOException, InterruptedException {
    String text = get("/metrics/prometheus/");
    Matcher matcher =
        Pattern.compile("(?m)^metrics_reelspark_test_%s_Value\\S* (\\d+)".formatted(name))
            .matcher(text);
    assertThat(matcher.find()).as("%s in %s", name, text).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private static String appId() {
    return spark.sparkContext().applicationId();
  }

  private static String get(String path) throws IOException, InterruptedException {
    URI uri = URI.create(spark.sparkContext().uiWebUrl().get() + path);
    HttpResponse<String> response =
        CLIENT.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(path).isEqualTo(200);
    return response.body();
  }
}
