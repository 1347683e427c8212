package org.reelspark.generate;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The options of a request: their names and what they accept. */
public enum GenerationOption {
  NEGATIVE_PROMPT("text that the video should not show; default: empty"),
  SEED("64-bit integer that selects the initial noise; default: 0"),
  WIDTH("pixels; default: the model's"),
  HEIGHT("pixels; default: the model's"),
  FRAMES("frames of the video; default: the model's"),
  STEPS("sampler steps, 1 to 1000; default: the model's"),
  GUIDANCE("guidance scale, 0 to 100, at most 1 turns guidance off; default: the model's"),
  GUIDANCE_START("fraction of the steps that come before guidance, 0 to 1; default: 0"),
  GUIDANCE_END("fraction of the steps after which guidance is off, 0 to 1; default: 1"),
  ATTENTION("dense or sparse; default: sparse where the model has an attention profile"),
  CACHE_THRESHOLD(
      "relative change up to which a step reuses most of an earlier one, 0 to 1; default: 0, never"),
  FORMAT("mp4_h264, mp4_av1, gif or webp; default: mp4_h264");

  private final String help;

  GenerationOption(String help) {
    this.help = help;
  }

  /** The name that users write, such as {@code negative_prompt}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What the option means, in one line. */
  public String help() {
    return help;
  }

  /** The names of all options. */
  public static List<String> keys() {
    return Arrays.stream(values()).map(GenerationOption::key).toList();
  }

  static Optional<GenerationOption> ofKey(String key) {
    return Arrays.stream(values()).filter(option -> option.key().equalsIgnoreCase(key)).findFirst();
  }
}
