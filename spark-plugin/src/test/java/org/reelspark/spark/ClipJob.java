package org.reelspark.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** A job of some small clips of many steps that tests watch and disturb. */
record ClipJob(int clips, int steps, Path output) {
  private static final Map<String, String> SMALL =
      Map.of("width", "32", "height", "32", "frames", "5");

  /** Settings of a session that runs it. */
  static final Map<String, String> SETTINGS =
      Map.of(
          ReelsparkConf.MODEL_DIRECTORY.key(),
          TestModels.directory(),
          ReelsparkConf.CPU_THREADS.key(),
          "1",
          "spark.hadoop.fs.%s.impl".formatted(HeldFileSystem.SCHEME),
          HeldFileSystem.class.getName());

  /** Runs it in local mode, in a process that a test can kill. */
  public static void main(String[] arguments) throws IOException {
    ClipJob job =
        new ClipJob(
            Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]), Path.of(arguments[2]));
    try (SparkSession spark = SparkSessions.withPlugin("local[1]", SETTINGS)) {
      job.save(spark, 1);
    }
  }

  private Dataset<Row> prompts(SparkSession spark) {
    return spark
        .range(0, clips, 1, 1)
        .selectExpr("'a red circle moves up' prompt", "id seed", steps + " steps");
  }

  /** Keys of the clips, in the order of their tasks. */
  List<String> keys(SparkSession spark) {
    try (VideoGenerator generator = new VideoGenerator(spark)) {
      return generator
          .plan(prompts(spark), SMALL)
          .select("plan.key")
          .as(Encoders.STRING())
          .collectAsList();
    }
  }

  private String uri() {
    return HeldFileSystem.SCHEME + "://" + output;
  }

  void save(SparkSession spark, int checkpointSteps) {
    prompts(spark)
        .write()
        .format("reelspark")
        .options(SMALL)
        .option("checkpoint_steps", checkpointSteps)
        .mode(SaveMode.Append)
        .save(uri());
  }

  CompletableFuture<Void> start(SparkSession spark) {
    return CompletableFuture.runAsync(() -> save(spark, 1));
  }

  /** What the manifests say of the clips, but for times. */
  List<Row> figures(SparkSession spark) {
    return manifest(spark).select("key", "tokens", "sparsity").orderBy("key").collectAsList();
  }

  Dataset<Row> manifest(SparkSession spark) {
    return spark.read().format("reelspark").load(uri());
  }

  Path video(String key) {
    return output.resolve(key.substring(0, 2)).resolve(key + ".mp4");
  }

  boolean isFinished(String key) {
    return Files.exists(output.resolve(key.substring(0, 2)).resolve(key + ".json"));
  }

  /** How many clips are finished, whatever their keys. */
  long finished() {
    long finished = 0;
    try (DirectoryStream<Path> shards = Files.newDirectoryStream(output, "[0-9a-f][0-9a-f]")) {
      for (Path shard : shards) {
        try (DirectoryStream<Path> sidecars = Files.newDirectoryStream(shard, "[0-9a-f]*.json")) {
          for (Path sidecar : sidecars) {
            finished++;
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return finished;
  }
}
