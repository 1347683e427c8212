package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a user is told where a write or a load could pass for a success, or for another fault. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DatasetMessagesTest {
  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = SparkSessions.withPlugin("local[1]", Map.of());
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void stackTracesCarryTheCode() {
    assertThatThrownBy(() -> spark.read().format("reelspark").load("/nowhere"))
        .hasToString(
            "org.reelspark.error.ReelsparkException: INVALID_INPUT: there are no videos at"
                + " file:/nowhere; check the path, or name a model for a table to insert prompts"
                + " into: OPTIONS (model '...')");
  }
}
