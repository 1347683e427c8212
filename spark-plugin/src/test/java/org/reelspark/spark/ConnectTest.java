package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.contentOf;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connect.SparkConnectPlugin;
import org.apache.spark.sql.connect.service.SparkConnectService$;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Spark Connect server with the plugin, and a client that has Spark's thin client alone. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ConnectTest {
  /** Where the build puts Spark's client, as a class path. */
  private static final String CLIENT = "target/connect-client/*";

  /** What the client has classes of its own for, or does without. */
  private static final List<String> CLASSIC_SPARK =
      List.of("spark-core_", "spark-catalyst_", "spark-sql_", "spark-sql-api_", "spark-connect");

  @TempDir Path directory;

  @Test
  void functionsAndDatasetsWorkThroughConnect() throws IOException, InterruptedException {
    Map<String, String> settings =
        Map.of(
            "spark.plugins",
            ReelsparkPlugin.class.getName() + "," + SparkConnectPlugin.class.getName(),
            "spark.connect.grpc.binding.address",
            "127.0.0.1",
            "spark.connect.grpc.binding.port",
            "0",
            // Compiling code for one row takes longer than interpreting it.
            "spark.sql.codegen.wholeStage",
            "false",
            "spark.sql.codegen.factoryMode",
            "NO_CODEGEN");
    try (SparkSession spark = SparkSessions.start("local[2]", settings)) {
      assertThat(client("sc://127.0.0.1:" + SparkConnectService$.MODULE$.localPort()))
          .satisfiesExactly(
              line ->
                  assertThat(line).isEqualTo("session: org.apache.spark.sql.connect.SparkSession"),
              line -> assertThat(line).isEqualTo("hilbert_index: 1"),
              line -> assertThat(line).isEqualTo("generate_video: generated | 5 | null"),
              line -> assertThat(line).isEqualTo("sparse_attention: 3.0"),
              line -> assertThat(line).isEqualTo("load: {\"id\":1} | generated | null"),
              line -> assertThat(line).isEqualTo("load: {\"id\":2} | failed | INVALID_PROMPT"),
              line ->
                  assertThat(line)
                      .startsWith("refused: ")
                      .contains("hilbert_index takes 6 arguments, found 2"));
    }
  }

  private List<String> client(String server) throws IOException, InterruptedException {
    File output = directory.resolve("client.out").toFile();
    File errors = directory.resolve("client.log").toFile();
    Process client =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-cp",
                clientClassPath(),
                ConnectClient.class.getName(),
                server,
                TestModels.directory(),
                directory.resolve("videos").toString())
            .redirectOutput(output)
            .redirectError(errors)
            .start();
    try {
      assertThat(client.waitFor()).as("%s", contentOf(errors)).isZero();
    } finally {
      client.destroyForcibly();
    }
    return contentOf(output).lines().toList();
  }

  private static String clientClassPath() {
    return CLIENT
        + Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> CLASSIC_SPARK.stream().noneMatch(entry(entry)::startsWith))
            .map(entry -> File.pathSeparator + entry)
            .collect(Collectors.joining());
  }

  private static String entry(String path) {
    return Path.of(path).getFileName().toString();
  }
}
