package org.reelspark.error;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Finds what a user probably meant by a name that does not exist. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name at the smallest edit distance, letter case apart. What a name has beyond the
   * length of the one sought does not count, or a short beginning of a long name would be nearest
   * to any other short name.
   *
   * @param known at least one name
   */
  public static String of(String name, Collection<String> known) {
    String lower = name.toLowerCase(Locale.ROOT);
    return known.stream()
        .min(
            Comparator.comparingInt((String candidate) -> distanceToBeginning(lower, candidate))
                .thenComparingInt(candidate -> distance(lower, candidate)))
        .orElseThrow();
  }

  private static int distanceToBeginning(String lower, String candidate) {
    int length = Math.min(lower.length(), candidate.length());
    return Math.min(distance(lower, candidate), distance(lower, candidate.substring(0, length)));
  }

  private static int distance(String lower, String candidate) {
    return LevenshteinDistance.getDefaultInstance()
        .apply(lower, candidate.toLowerCase(Locale.ROOT));
  }
}
