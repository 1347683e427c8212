package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.video.VideoFormat;

class GenerationOptionsTest {
  @Test
  void readsEveryOption() {
    GenerationOptions options =
        GenerationOptions.parse(
            Map.of(
                "negative_prompt", "blurry",
                "seed", "-9223372036854775808",
                "width", " 832 ",
                "height", "480",
                "frames", "81",
                "steps", "50",
                "guidance", "5.5",
                "guidance_end", "0.8",
                "attention", "Dense",
                "FORMAT", "mp4_av1"));

    assertThat(options.negativePrompt()).hasValue("blurry");
    assertThat(options.seed()).hasValue(Long.MIN_VALUE);
    assertThat(options.width()).hasValue(832);
    assertThat(options.height()).hasValue(480);
    assertThat(options.frames()).hasValue(81);
    assertThat(options.steps()).hasValue(50);
    assertThat(options.guidanceScale()).hasValue(5.5f);
    assertThat(options.guidanceStart()).isEmpty();
    assertThat(options.guidanceEnd()).hasValue(0.8f);
    assertThat(options.attention()).hasValue(AttentionMode.DENSE);
    assertThat(options.format()).hasValue(VideoFormat.MP4_AV1);
  }

  @Test
  void integerMayBeWrittenAsADecimal() {
    GenerationOptions options =
        GenerationOptions.parse(Map.of("seed", "9007199254740993.0", "frames", "81.00"));

    assertThat(options.seed()).hasValue(9_007_199_254_740_993L);
    assertThat(options.frames()).hasValue(81);
  }

  @Test
  void nullValueCountsAsNotStated() {
    assertThat(GenerationOptions.parse(Collections.singletonMap("seed", null)))
        .isEqualTo(GenerationOptions.NONE);
  }

  @Test
  void unknownOptionIsNamedWithTheNearestAndAllKnownOnes() {
    assertThatThrownBy(() -> GenerationOptions.parse(Map.of("guidence", "3")))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageContaining("'guidence'")
        .hasMessageContaining("did you mean 'guidance'")
        .hasMessageContaining("negative_prompt, seed, width, height, frames, steps");
  }

  @ParameterizedTest
  @CsvSource({
    "seed, 9223372036854775808, INVALID_OPTION, an integer from",
    "seed, 1.5, INVALID_OPTION, an integer from",
    "seed, NaN, INVALID_OPTION, an integer from",
    "seed, 1e999999999, INVALID_OPTION, an integer from",
    "width, 0, INVALID_SIZE, an integer from 1 to 16384",
    "height, -480, INVALID_SIZE, an integer from 1 to 16384",
    "width, 99999999999, INVALID_SIZE, an integer from 1 to 16384",
    "frames, 0, INVALID_SIZE, an integer from 1 to 100000",
    "frames, -5, INVALID_SIZE, an integer from 1 to 100000",
    "frames, sixty, INVALID_SIZE, an integer from 1 to 100000",
    "steps, 0, INVALID_OPTION, an integer from 1 to 1000",
    "steps, 1001, INVALID_OPTION, an integer from 1 to 1000",
    "guidance, NaN, INVALID_OPTION, a number from 0 to 100",
    "guidance, -1, INVALID_OPTION, a number from 0 to 100",
    "guidance, Infinity, INVALID_OPTION, a number from 0 to 100",
    "guidance, strong, INVALID_OPTION, a number from 0 to 100",
    "guidance_start, -0.1, INVALID_OPTION, a number from 0 to 1",
    "guidance_end, 80, INVALID_OPTION, a number from 0 to 1",
    "attention, sprase, INVALID_OPTION, 'one of dense, sparse'",
    "cache_threshold, 1.5, INVALID_OPTION, a number from 0 to 1",
    "format, avi, INVALID_OPTION, 'one of mp4_h264, mp4_av1, gif, webp'",
  })
  void badValueIsNamedWithWhatIsAccepted(
      String option, String value, ErrorCode code, String accepted) {
    assertThatThrownBy(() -> GenerationOptions.parse(Map.of(option, value)))
        .isInstanceOfSatisfying(ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining("'" + option + "'")
        .hasMessageContaining("'" + value + "'")
        .hasMessageContaining(accepted);
  }

  @Test
  void requestOptionsOverrideTheRunsDefaultsUnlessNull() {
    GenerationSettings settings =
        new GenerationSettings(
            Map.of("steps", "12", "seed", "1"),
            GenerationSettings.DEFAULT_MAX_TOKENS,
            1,
            GenerationSettings.ErrorPolicy.KEEP_GOING);

    Map<String, String> stated = new java.util.HashMap<>();
    stated.put("SEED", "2");
    stated.put("steps", null);
    GenerationOptions options = settings.options(new GenerationInput("p", stated));

    assertThat(options.seed()).hasValue(2);
    assertThat(options.steps()).hasValue(12);
  }
}
