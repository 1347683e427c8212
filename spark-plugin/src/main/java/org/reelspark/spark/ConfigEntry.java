package org.reelspark.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * One configuration key.
 *
 * @param key full name
 * @param documentation what it does, in Markdown
 * @param accepts what values it accepts, in words
 * @param defaultText the default as a user would write it, if there is one
 * @param parser throws {@link IllegalArgumentException} for a value that is not accepted
 * @param since first version that knows the key
 */
record ConfigEntry<T>(
    String key,
    String documentation,
    String accepts,
    Optional<String> defaultText,
    Function<String, T> parser,
    String since) {

  /**
   * @throws ReelsparkException INVALID_CONFIGURATION
   */
  T parse(String text) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ReelsparkException(
          ErrorCode.INVALID_CONFIGURATION,
          "%s must be %s, found '%s'".formatted(key, accepts, text),
          e);
    }
  }

  static ConfigEntry<String> text(String name, String documentation) {
    return new ConfigEntry<>(
        ReelsparkConf.PREFIX + name,
        documentation,
        "text",
        Optional.empty(),
        Function.identity(),
        "0.1.0");
  }

  static ConfigEntry<Integer> integer(
      String name, String documentation, int least, int defaultValue) {
    return new ConfigEntry<>(
        ReelsparkConf.PREFIX + name,
        documentation,
        "an integer of at least " + least,
        Optional.of(Integer.toString(defaultValue)),
        text -> {
          int value = Integer.parseInt(text.strip());
          if (value < least) {
            throw new IllegalArgumentException("less than " + least);
          }
          return value;
        },
        "0.1.0");
  }

  static ConfigEntry<Boolean> truth(String name, String documentation, String defaultText) {
    return new ConfigEntry<>(
        ReelsparkConf.PREFIX + name,
        documentation,
        "true or false",
        Optional.of(defaultText),
        text ->
            switch (text.strip()) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("neither true nor false");
            },
        "0.1.0");
  }

  /** One of the constants of an enum, written in lower case. */
  static <E extends Enum<E>> ConfigEntry<E> choice(
      String name, String documentation, Class<E> type, E defaultValue) {
    List<String> names =
        Arrays.stream(type.getEnumConstants()).map(ConfigEntry::choiceText).toList();
    return new ConfigEntry<>(
        ReelsparkConf.PREFIX + name,
        documentation,
        "one of " + String.join(", ", names),
        Optional.of(choiceText(defaultValue)),
        text -> Enum.valueOf(type, text.strip().toUpperCase(Locale.ROOT)),
        "0.1.0");
  }

  private static String choiceText(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
