package org.reelspark.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page with places such as {@code {{summary}}} to fill; they all share one style. */
final class HtmlTemplate {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
  private static final String STYLE = "style";

  private HtmlTemplate() {}

  /**
   * @param name resource beside this class
   * @param content HTML of each place but the style
   */
  static String fill(String name, Map<String, String> content) {
    return PLACE
        .matcher(read(name))
        .replaceAll(
            place ->
                Matcher.quoteReplacement(
                    place.group(1).equals(STYLE)
                        ? read("page-style.css")
                        : content.get(place.group(1))));
  }

  /** Text as it is, whatever it holds. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String read(String name) {
    try (InputStream stream = HtmlTemplate.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
