package org.reelspark.jobs.benchmark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reelspark.model.Guidance;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Part of the steps, as fractions of them, written {@code START-END}.
 *
 * @param text as it was written
 */
record GuidanceInterval(float start, float end, String text) {
  Guidance guidance(float scale) {
    return new Guidance(scale, start, end);
  }

  @Override
  public String toString() {
    return text;
  }

  static final class Converter implements ITypeConverter<GuidanceInterval> {
    private static final Pattern INTERVAL =
        Pattern.compile("([01]|0?\\.[0-9]+)-([01]|0?\\.[0-9]+)");

    @Override
    public GuidanceInterval convert(String text) {
      Matcher ends = INTERVAL.matcher(text);
      if (ends.matches()) {
        float start = Float.parseFloat(ends.group(1));
        float end = Float.parseFloat(ends.group(2));
        if (start <= end) {
          return new GuidanceInterval(start, end, text);
        }
      }
      throw new TypeConversionException(
          "'%s' is no interval; write two fractions of the steps, the smaller first, such as 0-0.5"
              .formatted(text));
    }
  }
}
