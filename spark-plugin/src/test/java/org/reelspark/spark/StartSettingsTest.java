package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartSettingsTest {
  private static SparkConf application() {
    return new SparkConf(false).set("spark.plugins", "other, " + ReelsparkPlugin.class.getName());
  }

  @ParameterizedTest
  @CsvSource({
    "backend, cuda, is 'cuda' in this session, with 'cpu' and keep",
    "cpu.threads, 3, is '3' in this session, with '0' and keep",
    "gpu.device, 1, is '1' in this session, with not set and keep",
    "gpu.linearPrecision, eight_bit, is 'eight_bit' in this session, with 'sixteen_bit' and keep",
    "executor.maxStartFailures, 7, is '7' in this session, with '3' and keep"
  })
  void saysWhatExecutorsDoNotTakeFromASession(
      String name, String value, String session, String started) {
    String key = ReelsparkConf.PREFIX + name;

    assertThat(StartSettings.warnings(ReelsparkConf.of(Map.of(key, value)), application()))
        .singleElement()
        .asString()
        .contains(key + " " + session, started, "set it for the application");
  }

  @Test
  void otherSettingsAreTheSessions() {
    ReelsparkConf query =
        ReelsparkConf.of(
            Map.of(
                ReelsparkConf.MAX_TOKENS.key(),
                "7",
                ReelsparkConf.TASKS_PER_GPU.key(),
                "3",
                ReelsparkConf.BACKEND.key(),
                "CPU"));

    assertThat(StartSettings.warnings(query, application())).isEmpty();
  }

  @Test
  void saysThatThereIsNoPluginToTakeTheGpu() {
    SparkConf application = new SparkConf(false).set(ReelsparkConf.BACKEND.key(), "cuda");

    assertThat(StartSettings.warnings(ReelsparkConf.of(application), application))
        .singleElement()
        .asString()
        .contains("'cuda', but executors compute on the CPU", ReelsparkPlugin.class.getName());
    application.set("spark.plugins", ReelsparkPlugin.class.getName());
    assertThat(StartSettings.warnings(ReelsparkConf.of(application), application)).isEmpty();
  }
}
