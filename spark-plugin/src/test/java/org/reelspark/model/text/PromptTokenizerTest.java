package org.reelspark.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class PromptTokenizerTest {
  private static final int END = 1;

  @TempDir Path directory;

  static Stream<Arguments> cases() {
    JsonNode goldens = TextGoldens.json("tokens.json");
    return StreamSupport.stream(goldens.path("cases").spliterator(), false)
        .map(
            c ->
                Arguments.of(
                    c.path("prompt").textValue(),
                    goldens.path("maxLength").intValue(),
                    StreamSupport.stream(c.path("ids").spliterator(), false)
                        .mapToInt(JsonNode::intValue)
                        .toArray()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheIdsOfTheReferenceTokenizer(String prompt, int maxLength, int[] ids) {
    try (PromptTokenizer tokenizer =
        PromptTokenizer.open(TextGoldens.SAMPLE_TOKENIZER, maxLength)) {
      assertThat(tokenizer.encode(prompt)).containsExactly(ids);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 24})
  void truncatesButKeepsTheEndToken(int maxLength) {
    try (PromptTokenizer tokenizer =
        PromptTokenizer.open(TextGoldens.SAMPLE_TOKENIZER, maxLength)) {
      assertThat(tokenizer.encode("a red square moves right ".repeat(400)))
          .hasSize(maxLength)
          .endsWith(END);
    }
  }

  @Test
  void ignoresPaddingAndTruncationStatedInTheFile() throws IOException {
    String json =
        Files.readString(TextGoldens.SAMPLE_TOKENIZER)
            .replace(
                "\"truncation\": null",
                """
                "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst",
                 "stride": 0}""")
            .replace(
                "\"padding\": null",
                """
                "padding": {"strategy": {"Fixed": 16}, "direction": "Right",
                 "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"}""");
    assertThat(new ObjectMapper().readTree(json).path("padding").isObject()).isTrue();
    Path file = Files.writeString(directory.resolve("tokenizer.json"), json);

    try (PromptTokenizer plain = PromptTokenizer.open(TextGoldens.SAMPLE_TOKENIZER, 24);
        PromptTokenizer padding = PromptTokenizer.open(file, 24)) {
      String prompt = "a red square moves right";
      assertThat(padding.encode(prompt)).containsExactly(plain.encode(prompt));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[", "{\"version\": \"1.0\", \"model\": {\"type\": \"New\"}}"})
  void rejectsFileThatIsNoTokenizer(String content) throws IOException {
    Path file = Files.writeString(directory.resolve("tokenizer.json"), content);

    assertThatThrownBy(() -> PromptTokenizer.open(file, 24))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageStartingWith(file + ": cannot be loaded as a tokenizer");
  }

  /** In a process of its own, because a JVM tries to load the library once. */
  @Test
  void saysWhatToDoWhenTheNativeLibraryCannotBeUnpacked() throws Exception {
    Path notADirectory = Files.writeString(directory.resolve("file"), "");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            OpenTokenizer.class.getName());
    builder.environment().put("DJL_CACHE_DIR", notADirectory.toString());
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(output)
        .contains("BACKEND_UNAVAILABLE")
        .contains("the native library of the tokenizer cannot be loaded on")
        .contains("set the environment variable DJL_CACHE_DIR");
  }

  static final class OpenTokenizer {
    private OpenTokenizer() {}

    public static void main(String[] arguments) {
      try {
        PromptTokenizer.open(TextGoldens.SAMPLE_TOKENIZER, 24).close();
      } catch (ReelsparkException e) {
        System.out.println(e.code() + " " + e.getMessage());
      }
    }
  }
}
