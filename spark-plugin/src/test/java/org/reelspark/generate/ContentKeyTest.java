package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionProfile;
import org.reelspark.attention.BlockSelection;
import org.reelspark.attention.HeadParameters;
import org.reelspark.attention.LayerProfile;
import org.reelspark.attention.TokenOrder;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.ModelDescription;

class ContentKeyTest {
  private static final ModelDescription DENSE = ToyModel.description("d0", Optional.empty());
  private static final ModelDescription SPARSE =
      ToyModel.description("d0", Optional.of(profile(0.9f)));

  private static AttentionProfile profile(float threshold) {
    HeadParameters head =
        new HeadParameters(new BlockSelection.TopCdf(threshold), 0.3f, Float.POSITIVE_INFINITY);
    return new AttentionProfile(
        TokenOrder.HILBERT,
        List.of(new LayerProfile(List.of(new LayerProfile.TimestepRange(0, List.of(head))))));
  }

  private static String key(String prompt, Map<String, String> options, ModelDescription model) {
    return ContentKey.of(
        GenerationRequest.resolve(prompt, GenerationOptions.parse(options), model), model);
  }

  /** A change here orphans every video made so far: raise the plan version if it is meant. */
  @Test
  void keysAreStable() {
    assertThat(key("a red square", Map.of(), DENSE))
        .isEqualTo("f2e0b756c4c4396a2a27865d958cee40e5a5a961ae206f428445dbdabbeafe12");
    assertThat(key("a red square", Map.of(), SPARSE))
        .isEqualTo("4372c58a6fde4f627e05c15dc5da0e782c1831dd847a450085849660a80a40f3");
  }

  @Test
  void everythingThatDecidesPixelsChangesTheKey() {
    List<String> keys =
        List.of(
            key("p", Map.of(), DENSE),
            key("q", Map.of(), DENSE),
            key("p", Map.of("negative_prompt", "n"), DENSE),
            key("p", Map.of("seed", "1"), DENSE),
            key("p", Map.of("width", "64"), DENSE),
            key("p", Map.of("height", "64"), DENSE),
            key("p", Map.of("frames", "9"), DENSE),
            key("p", Map.of("steps", "4"), DENSE),
            key("p", Map.of("guidance", "3"), DENSE),
            key("p", Map.of("guidance_start", "0.5"), DENSE),
            key("p", Map.of("guidance_end", "0.5"), DENSE),
            key("p", Map.of("cache_threshold", "0.1"), DENSE),
            key("p", Map.of("format", "gif"), DENSE),
            key("p", Map.of(), ToyModel.description("d1", Optional.empty())),
            key("p", Map.of(), SPARSE),
            key("p", Map.of(), ToyModel.description("d0", Optional.of(profile(0.8f)))));
    Set<String> distinct = new HashSet<>(keys);

    assertThat(distinct).hasSameSizeAs(keys);
  }

  @Test
  void statingADefaultDoesNotChangeTheKey() {
    Map<String, String> defaults =
        Map.of(
            "steps", "3",
            "seed", "0",
            "guidance_start", "0",
            "guidance_end", "1.0",
            "cache_threshold", "0",
            "attention", "dense");

    assertThat(key("p", defaults, DENSE)).isEqualTo(key("p", Map.of(), DENSE));
  }

  @Test
  void denseKeysDoNotDependOnTheProfile() {
    assertThat(key("p", Map.of("attention", "dense"), SPARSE)).isEqualTo(key("p", Map.of(), DENSE));
  }

  @Test
  void textsThatConcatenateAlikeHaveDifferentKeys() {
    assertThat(key("ab", Map.of("negative_prompt", "c"), DENSE))
        .isNotEqualTo(key("a", Map.of("negative_prompt", "bc"), DENSE));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " \t\n", "a \ud800 square", "a \ufffd square"})
  void rejectsPromptsThatAreNoText(String prompt) {
    assertThatThrownBy(() -> key(prompt, Map.of(), DENSE))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PROMPT));
  }

  @Test
  void rejectsSparseAttentionWithoutAProfile() {
    assertThatThrownBy(() -> key("p", Map.of("attention", "sparse"), DENSE))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageContaining("jobs/tune-attention");
  }

  @Test
  void rejectsGuidanceThatEndsBeforeItStarts() {
    assertThatThrownBy(
            () -> key("p", Map.of("guidance_start", "0.5", "guidance_end", "0.25"), DENSE))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageContaining("'guidance_start' is 0.5 and 'guidance_end' is 0.25");
  }

  @Test
  void attentionIsSparseWhereTheModelHasAProfile() {
    GenerationRequest request = GenerationRequest.resolve("p", GenerationOptions.NONE, SPARSE);

    assertThat(request.attention()).isEqualTo(AttentionMode.SPARSE);
  }
}
