package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two executors in processes of their own. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class LocalClusterTest {
  /** Says, behind each generated video, which executor made it and how many models it loaded. */
  private static final class Witness implements MapPartitionsFunction<Row, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<String> call(Iterator<Row> rows) {
      List<String> lines = new ArrayList<>();
      rows.forEachRemaining(row -> lines.add(line(row.getAs("video"))));
      return lines.iterator();
    }

    private static String line(Row video) {
      return "%s %s %d"
          .formatted(
              SparkEnv.get().executorId(),
              Arrays.hashCode(video.<byte[]>getAs("bytes")),
              ExecutorRuntime.instance().loads());
    }
  }

  @Test
  void everyExecutorLoadsTheModelOnceAndMakesTheSameVideo()
      throws IOException, InterruptedException {
    try (SparkSession spark =
        SparkSessions.withPluginOnCluster(
            2, Map.of(ReelsparkConf.MODEL_DIRECTORY.key(), TestModels.directory()))) {
      SparkSessions.awaitExecutors(spark, 2);

      List<String> lines =
          spark
              .range(0, 6, 1, 6)
              .selectExpr(
                  "generate_video('a red circle moves up', map('width', 64, 'height', 64,"
                      + " 'frames', 9, 'steps', 2)) video")
              .mapPartitions(new Witness(), Encoders.STRING())
              .collectAsList();

      List<String[]> witnesses = lines.stream().map(line -> line.split(" ")).toList();
      assertThat(witnesses.stream().map(fields -> fields[0]).distinct()).hasSize(2);
      assertThat(witnesses.stream().map(fields -> fields[1]).distinct()).hasSize(1);
      assertThat(witnesses.stream().map(fields -> fields[2]).distinct()).containsExactly("1");
    }
  }

  @Test
  void relativeOutputDirectoryIsTheDriversNotThatOfTheExecutorsProcess(@TempDir Path directory)
      throws IOException {
    Path output = directory.resolve("my clips");
    String relative = Path.of("").toAbsolutePath().relativize(output).toString();
    Map<String, String> settings =
        Map.of(
            ReelsparkConf.MODEL_DIRECTORY.key(),
            TestModels.directory(),
            ReelsparkConf.OUTPUT_DIRECTORY.key(),
            relative);
    try (SparkSession spark = SparkSessions.withPluginOnCluster(1, settings)) {
      Row video =
          spark
              .sql(
                  "SELECT video.* FROM (SELECT generate_video('a red circle moves up', map('width', 32,"
                      + " 'height', 32, 'frames', 5, 'steps', 1)) AS video)")
              .head();

      assertThat(video.<String>getAs("status")).isEqualTo("generated");
      assertThat(Path.of(URI.create(video.getAs("uri")))).exists().startsWith(output);
    }
  }
}
