package org.reelspark.model.text;

import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/**
 * Cleans prompts as diffusers' Wan pipeline does ({@code prompt_clean}): HTML entities are resolved
 * twice, runs of white space become one space, and the ends are stripped. diffusers also repairs
 * mis-decoded text where the Python package ftfy is installed; that step is left out here.
 */
final class PromptCleaner {
  private static final Pattern WHITE_SPACE =
      Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  /** The zero character and halves of surrogate pairs: entities may name them, no text has them. */
  private static final Pattern NO_TEXT = Pattern.compile("[\\x00\\p{Cs}]");

  private PromptCleaner() {}

  static String clean(String prompt) {
    String text = Parser.unescapeEntities(Parser.unescapeEntities(prompt, false), false);
    text = NO_TEXT.matcher(text).replaceAll("\uFFFD");
    return WHITE_SPACE.matcher(text).replaceAll(" ").strip();
  }
}
