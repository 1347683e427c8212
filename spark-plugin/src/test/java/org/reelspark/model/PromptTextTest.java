package org.reelspark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class PromptTextTest {
  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a cat", "\u732b \uD83D\uDE00"})
  void acceptsText(String text) {
    assertThatCode(() -> PromptText.require("prompt", text)).doesNotThrowAnyException();
  }

  static Stream<Arguments> unacceptable() {
    return Stream.of(
        argumentSet("null", null, "the prompt is null"),
        argumentSet(
            "100 kB",
            "x".repeat(100_000),
            "the prompt has 100000 characters; at most 10000 are accepted"),
        argumentSet("bytes that were not UTF-8", "a caf\uFFFD", "U+FFFD at position 5"),
        argumentSet("lone high surrogate", "a \uD83D b", "half of a surrogate pair"),
        argumentSet("lone low surrogate", "\uDE00", "half of a surrogate pair"));
  }

  @ParameterizedTest
  @MethodSource("unacceptable")
  void rejectsOtherText(String text, String problem) {
    assertThatThrownBy(() -> PromptText.require("prompt", text))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PROMPT))
        .hasMessageContaining(problem);
  }
}
