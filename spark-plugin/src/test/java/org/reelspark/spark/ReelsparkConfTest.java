package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class ReelsparkConfTest {
  @Test
  void readsOurKeysAndIgnoresOthers() {
    ReelsparkConf conf =
        ReelsparkConf.of(
            Map.of("spark.reelspark.generate.maxTokens", "77", "spark.app.name", "anything"));

    assertThat(conf.value(ReelsparkConf.MAX_TOKENS)).isEqualTo(77);
    assertThat(conf.value(ReelsparkConf.FAIL_ON_ERROR)).isFalse();
    assertThat(conf.find(ReelsparkConf.OUTPUT_DIRECTORY)).isEmpty();
  }

  @Test
  void unknownKeyIsRefusedWithTheNearestOne() {
    assertThatThrownBy(() -> ReelsparkConf.of(Map.of("spark.reelspark.generate.maxToken", "1")))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContaining("did you mean spark.reelspark.generate.maxTokens?");
  }

  @ParameterizedTest
  @CsvSource({
    "generate.maxTokens, 0, an integer of at least 1",
    "generate.maxAttempts, many, an integer of at least 1",
    "cpu.threads, -1, an integer of at least 0",
    "generate.failOnError, yes, true or false",
  })
  void badValueIsRefusedWithWhatIsAccepted(String name, String value, String accepted) {
    assertThatThrownBy(() -> ReelsparkConf.of(Map.of("spark.reelspark." + name, value)))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContainingAll("spark.reelspark." + name, accepted, "'" + value + "'");
  }

  @Test
  void missingRequiredKeyIsExplained() {
    assertThatThrownBy(() -> ReelsparkConf.of(Map.of()).value(ReelsparkConf.MODEL_DIRECTORY))
        .hasMessageContainingAll("spark.reelspark.model.directory", "diffusers layout");
  }

  @Test
  void everyKeyIsRegisteredOnceAndDocumented() {
    Set<String> keys = new HashSet<>();
    for (ConfigEntry<?> entry : ReelsparkConf.ENTRIES) {
      assertThat(keys.add(entry.key())).as(entry.key()).isTrue();
      assertThat(entry.documentation()).endsWith(".");
      entry.defaultText().ifPresent(entry::parse);
    }
  }
}
