package org.reelspark.generate;

import java.math.BigDecimal;

/**
 * Integers as users come to write them. SQL gives all values of a map one type, so that in {@code
 * map('seed', 7, 'guidance', 2.5)} the seed is 7.0, and so does pandas with a column that misses a
 * value.
 */
public final class WholeNumber {
  private WholeNumber() {}

  /**
   * @throws NumberFormatException for what is no number, has a fraction, or does not fit
   */
  public static long parse(String text) {
    try {
      return new BigDecimal(text.strip()).longValueExact();
    } catch (ArithmeticException e) {
      throw new NumberFormatException(e.getMessage());
    }
  }
}
