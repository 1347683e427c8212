package org.reelspark.model;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** What text a model accepts as a prompt. */
public final class PromptText {
  /**
   * Far beyond the tokens that a model reads, and short enough that cleaning and tokenizing it
   * costs nothing.
   */
  public static final int MAX_CHARACTERS = 10_000;

  private static final char REPLACEMENT_CHARACTER = '\uFFFD';

  private PromptText() {}

  /**
   * Checks a prompt; an empty one passes, because a negative prompt may be empty.
   *
   * @param name what messages call it, such as {@code prompt}
   * @throws ReelsparkException INVALID_PROMPT for null, more than {@link #MAX_CHARACTERS}, or text
   *     that was not Unicode before it was read
   */
  public static void require(String name, String text) {
    if (text == null) {
      throw invalid("the %s is null; give a text".formatted(name));
    }
    if (text.length() > MAX_CHARACTERS) {
      throw invalid(
          "the %s has %d characters; at most %d are accepted"
              .formatted(name, text.length(), MAX_CHARACTERS));
    }
    int replacement = text.indexOf(REPLACEMENT_CHARACTER);
    if (replacement >= 0) {
      throw invalid(
          "the %s has the replacement character U+FFFD at position %d, which stands for bytes that were not UTF-8; write the input as UTF-8"
              .formatted(name, replacement));
    }
    if (!isWellFormed(text)) {
      throw invalid(
          "the %s holds half of a surrogate pair; write the input as UTF-8".formatted(name));
    }
  }

  private static boolean isWellFormed(String text) {
    try {
      StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static ReelsparkException invalid(String problem) {
    return new ReelsparkException(ErrorCode.INVALID_PROMPT, problem);
  }
}
