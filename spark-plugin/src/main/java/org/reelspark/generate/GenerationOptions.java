package org.reelspark.generate;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.NearestName;
import org.reelspark.error.ReelsparkException;
import org.reelspark.video.VideoFormat;

/** What a request states explicitly; the model's defaults fill in the rest. */
public record GenerationOptions(
    Optional<String> negativePrompt,
    OptionalLong seed,
    OptionalInt width,
    OptionalInt height,
    OptionalInt frames,
    OptionalInt steps,
    Optional<Float> guidanceScale,
    Optional<Float> guidanceStart,
    Optional<Float> guidanceEnd,
    Optional<AttentionMode> attention,
    Optional<Float> cacheThreshold,
    Optional<VideoFormat> format) {
  private static final int LARGEST_SIDE = 16_384;
  private static final int MOST_FRAMES = 100_000;
  private static final int MOST_STEPS = 1_000;
  private static final int LARGEST_GUIDANCE = 100;

  /** Nothing stated. */
  public static final GenerationOptions NONE = parse(Map.of());

  /**
   * Reads options by name; letter case of names does not matter.
   *
   * @param values a null value counts as not stated
   * @throws ReelsparkException INVALID_OPTION for a name that does not exist or a value out of
   *     range, INVALID_SIZE for a width, height or frame count out of range
   */
  public static GenerationOptions parse(Map<String, String> values) {
    Map<GenerationOption, String> stated = new EnumMap<>(GenerationOption.class);
    values.forEach(
        (name, value) -> {
          GenerationOption option =
              GenerationOption.ofKey(name).orElseThrow(() -> unknownOption(name));
          if (value != null) {
            stated.put(option, value);
          }
        });
    return new GenerationOptions(
        Optional.ofNullable(stated.get(GenerationOption.NEGATIVE_PROMPT)),
        seed(stated),
        size(stated, GenerationOption.WIDTH, LARGEST_SIDE),
        size(stated, GenerationOption.HEIGHT, LARGEST_SIDE),
        size(stated, GenerationOption.FRAMES, MOST_FRAMES),
        count(stated, GenerationOption.STEPS, MOST_STEPS, ErrorCode.INVALID_OPTION),
        number(stated, GenerationOption.GUIDANCE, LARGEST_GUIDANCE),
        number(stated, GenerationOption.GUIDANCE_START, 1),
        number(stated, GenerationOption.GUIDANCE_END, 1),
        choice(stated, GenerationOption.ATTENTION, AttentionMode.class),
        number(stated, GenerationOption.CACHE_THRESHOLD, 1),
        choice(stated, GenerationOption.FORMAT, VideoFormat.class));
  }

  private static OptionalLong seed(Map<GenerationOption, String> stated) {
    String value = stated.get(GenerationOption.SEED);
    if (value == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(WholeNumber.parse(value));
    } catch (NumberFormatException e) {
      throw invalid(
          ErrorCode.INVALID_OPTION,
          GenerationOption.SEED,
          value,
          "an integer from %d to %d".formatted(Long.MIN_VALUE, Long.MAX_VALUE));
    }
  }

  private static OptionalInt size(
      Map<GenerationOption, String> stated, GenerationOption option, int largest) {
    return count(stated, option, largest, ErrorCode.INVALID_SIZE);
  }

  private static OptionalInt count(
      Map<GenerationOption, String> stated, GenerationOption option, int largest, ErrorCode code) {
    String value = stated.get(option);
    if (value == null) {
      return OptionalInt.empty();
    }
    String accepted = "an integer from 1 to " + largest;
    try {
      long number = WholeNumber.parse(value);
      if (number < 1 || number > largest) {
        throw invalid(code, option, value, accepted);
      }
      return OptionalInt.of((int) number);
    } catch (NumberFormatException e) {
      throw invalid(code, option, value, accepted);
    }
  }

  private static Optional<Float> number(
      Map<GenerationOption, String> stated, GenerationOption option, int largest) {
    String value = stated.get(option);
    if (value == null) {
      return Optional.empty();
    }
    String accepted = "a number from 0 to " + largest;
    try {
      float number = Float.parseFloat(value.strip());
      if (!(number >= 0 && number <= largest)) {
        throw invalid(ErrorCode.INVALID_OPTION, option, value, accepted);
      }
      return Optional.of(number);
    } catch (NumberFormatException e) {
      throw invalid(ErrorCode.INVALID_OPTION, option, value, accepted);
    }
  }

  private static <E extends Enum<E>> Optional<E> choice(
      Map<GenerationOption, String> stated, GenerationOption option, Class<E> type) {
    String value = stated.get(option);
    if (value == null) {
      return Optional.empty();
    }
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equalsIgnoreCase(value.strip())) {
        return Optional.of(constant);
      }
    }
    List<String> names =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    throw invalid(ErrorCode.INVALID_OPTION, option, value, "one of " + String.join(", ", names));
  }

  private static ReelsparkException unknownOption(String name) {
    List<String> known = GenerationOption.keys();
    return new ReelsparkException(
        ErrorCode.INVALID_OPTION,
        "unknown option '%s'; did you mean '%s'? Known options: %s"
            .formatted(name, NearestName.of(name, known), String.join(", ", known)));
  }

  private static ReelsparkException invalid(
      ErrorCode code, GenerationOption option, String value, String accepted) {
    return new ReelsparkException(
        code, "option '%s' must be %s, found '%s'".formatted(option.key(), accepted, value));
  }
}
