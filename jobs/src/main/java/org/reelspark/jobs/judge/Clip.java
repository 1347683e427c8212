package org.reelspark.jobs.judge;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a caption in the sample model's words asks for: {@code a [large] COLOUR SHAPE moves
 * DIRECTION [slowly] [on a gray background]}.
 */
public record Clip(
    Colour colour,
    Outline outline,
    Direction direction,
    Size size,
    Speed speed,
    Background background) {
  /** Size of the object; not judged. */
  public enum Size {
    USUAL,
    LARGE
  }

  /** Speed of the object; not judged. */
  public enum Speed {
    USUAL,
    SLOW
  }

  private static final Pattern CAPTION =
      Pattern.compile(
          "a (?<large>large )?(?<colour>red|green|blue|yellow|magenta|cyan|white)"
              + " (?<outline>circle|square|triangle|cross) moves (?<direction>right|left|down|up)"
              + "(?<slowly> slowly)?(?<gray> on a gray background)?");

  /** Reads a caption; empty when it is not of the form above. */
  public static Optional<Clip> parse(String caption) {
    Matcher matcher = CAPTION.matcher(caption);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new Clip(
            Colour.valueOf(upper(matcher.group("colour"))),
            Outline.valueOf(upper(matcher.group("outline"))),
            Direction.valueOf(upper(matcher.group("direction"))),
            matcher.group("large") == null ? Size.USUAL : Size.LARGE,
            matcher.group("slowly") == null ? Speed.USUAL : Speed.SLOW,
            matcher.group("gray") == null ? Background.BLACK : Background.GRAY));
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }

  public String caption() {
    return "a %s%s %s moves %s%s%s"
        .formatted(
            size == Size.LARGE ? "large " : "",
            lower(colour),
            lower(outline),
            lower(direction),
            speed == Speed.SLOW ? " slowly" : "",
            background == Background.GRAY ? " on a gray background" : "");
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
