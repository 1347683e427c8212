package org.reelspark.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class JsonConfigTest {
  @TempDir Path directory;

  @Test
  void readsTypedValues() throws IOException {
    JsonConfig config =
        config(
            """
            {"text": "a", "integer": 3, "number": 1e-6, "flag": true, "nothing": null,
             "integers": [1, 2], "floats": [1, 0.5], "flags": [false, true],
             "texts": ["x", null], "map": {"b": "2", "a": "1"}}""");

    assertThat(config.text("text")).isEqualTo("a");
    assertThat(config.positiveInteger("integer")).isEqualTo(3);
    assertThat(config.positiveNumber("number")).isEqualTo(1e-6);
    assertThat(config.positiveNumber("integer")).isEqualTo(3);
    assertThat(config.flag("flag")).isTrue();
    assertThat(config.integers("integers")).containsExactly(1, 2);
    assertThat(config.floats("floats")).containsExactly(1f, 0.5f);
    assertThat(config.flags("flags")).containsExactly(false, true);
    assertThat(config.texts("texts")).containsExactly("x", "");
    assertThat(config.textMap("map")).containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"key\": null}"})
  void takesDefaultForAbsentAndNull(String json) throws IOException {
    JsonConfig config = config(json);

    assertThat(config.has("key")).isFalse();
    assertThat(config.text("key", "a")).isEqualTo("a");
    assertThat(config.positiveInteger("key", 1)).isEqualTo(1);
    assertThat(config.positiveNumber("key", 0.5)).isEqualTo(0.5);
    assertThat(config.flag("key", true)).isTrue();
    assertThatThrownBy(() -> config.positiveInteger("key"))
        .hasMessage(config.file() + ": key 'key' is missing; expected a positive integer");
  }

  static Stream<Arguments> wrongValues() {
    return Stream.of(
        wrong("1", config -> config.text("key"), "a string"),
        wrong("\"1\"", config -> config.positiveInteger("key", 1), "a positive integer"),
        wrong("1.5", config -> config.positiveInteger("key"), "a positive integer"),
        wrong("2147483648", config -> config.positiveInteger("key"), "a positive integer"),
        wrong("0", config -> config.positiveInteger("key"), "a positive integer"),
        wrong("-1", config -> config.positiveInteger("key", 1), "a positive integer"),
        wrong("true", config -> config.positiveNumber("key"), "a number above 0"),
        wrong("1e999", config -> config.positiveNumber("key"), "a number above 0"),
        wrong("0", config -> config.positiveNumber("key"), "a number above 0"),
        wrong("\"false\"", config -> config.flag("key", true), "true or false"),
        wrong("[1,\"2\"]", config -> config.integers("key"), "a list of integers"),
        wrong("3", config -> config.integers("key"), "a list of integers"),
        wrong("[null]", config -> config.floats("key"), "a list of numbers"),
        wrong("[1]", config -> config.flags("key"), "a list of true and false"),
        wrong("[1]", config -> config.texts("key"), "a list of strings"),
        wrong("[]", config -> config.textMap("key"), "an object of strings"));
  }

  private static Arguments wrong(String value, Consumer<JsonConfig> read, String expected) {
    return argumentSet(value + " for " + expected, value, read, expected);
  }

  @ParameterizedTest
  @MethodSource("wrongValues")
  void namesFileKeyFoundAndExpected(String value, Consumer<JsonConfig> read, String expected)
      throws IOException {
    JsonConfig config = config("{\"key\": " + value + "}");

    assertThatThrownBy(() -> read.accept(config))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageMatching(
            "\\Q%s\\E: key 'key' is .+; expected %s".formatted(config.file(), expected));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "7", "{", "{\"a\":1}x", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "\uFEFFx"})
  void rejectsWhatIsNoStrictJsonObject(String content) {
    assertThatThrownBy(() -> config(content))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageStartingWith(directory.resolve("config.json").toString());
  }

  @Test
  void rejectsDeepNestingAndLongValuesBriefly() throws IOException {
    assertThatThrownBy(() -> config("{\"a\":".repeat(100_000)))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining("nesting depth");
    JsonConfig config = config("{\"key\": \"" + "x".repeat(10_000) + "\"}");
    assertThatThrownBy(() -> config.positiveInteger("key"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
  }

  @Test
  void rejectsMissingFile() {
    assertThatThrownBy(() -> JsonConfig.read(directory.resolve("none.json")))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining("none.json: cannot be read");
  }

  private JsonConfig config(String json) throws IOException {
    return JsonConfig.read(Files.writeString(directory.resolve("config.json"), json));
  }
}
