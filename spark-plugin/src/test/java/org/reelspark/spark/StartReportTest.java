package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest
  @CsvSource({
    "s3a://me:word@bucket/out, s3a://***@bucket/out",
    "s3a://me:wo/rd@bucket/out, s3a://***@bucket/out",
    "s3a://me:wo@rd@bucket/out, s3a://***@bucket/out",
    "https://host/out?sig=word, https://host/out?***",
    "https://me:wo?rd@host/out?sig=wo@rd and more, https://***@rd and more",
    "s3a://bucket/out, s3a://bucket/out",
    "/models/me@work?, /models/me@work?"
  })
  void keepsPasswordsInAddressesToItself(String address, String shown) {
    String report = StartReport.driver(Map.of("spark.reelspark.output.directory", address));

    assertThat(report).endsWith("spark.reelspark.output.directory = " + shown);
  }
}
