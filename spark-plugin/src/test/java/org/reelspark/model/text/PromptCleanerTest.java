package org.reelspark.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PromptCleanerTest {
  static Stream<Arguments> cases() {
    return StreamSupport.stream(
            TextGoldens.json("cleaning.json").path("cases").spliterator(), false)
        .map(c -> Arguments.of(c.path("prompt").textValue(), c.path("cleaned").textValue()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void cleansAsThePipelineDoes(String prompt, String cleaned) {
    assertThat(PromptCleaner.clean(prompt)).isEqualTo(cleaned);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void leavesWellFormedText(String prompt) {
    List<Integer> codePoints = PromptCleaner.clean(prompt).codePoints().boxed().toList();

    assertThat(codePoints)
        .allSatisfy(c -> assertThat(Character.getType(c)).isNotEqualTo((int) Character.SURROGATE))
        .doesNotContain(0);
  }
}
