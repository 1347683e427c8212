package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StartReportTest {
  @Test
  void saysVersionsMemoryAndKeys() {
    String report = StartReport.driver(Map.of("spark.reelspark.model.directory", "/models/wan"));

    assertThat(report.lines())
        .hasSize(3)
        .satisfiesExactly(
            line -> assertThat(line).matches("Reelspark \\d+\\.\\d+\\.\\d+.*"),
            line ->
                assertThat(line)
                    .contains("Spark ", "Scala 2.", System.getProperty("java.version"), "MiB heap"),
            line -> assertThat(line).isEqualTo("  spark.reelspark.model.directory = /models/wan"));
  }

  @Test
  void saysThatNothingIsSet() {
    assertThat(StartReport.driver(Map.of())).endsWith("no spark.reelspark.* keys are set");
  }

  @Test
  void keepsPasswordsInAddressesToItself() {
    String report =
        StartReport.driver(Map.of("spark.reelspark.output.directory", "s3a://me:word@bucket/out"));

    assertThat(report).contains("s3a://***@bucket/out").doesNotContain("word");
  }
}
