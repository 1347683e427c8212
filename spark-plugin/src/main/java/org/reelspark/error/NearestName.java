package org.reelspark.error;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Finds what a user probably meant by a name that does not exist. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name at the smallest edit distance, letter case apart.
   *
   * @param known at least one name
   */
  public static String of(String name, Collection<String> known) {
    String lower = name.toLowerCase(Locale.ROOT);
    LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
    return known.stream()
        .min(
            Comparator.comparingInt(
                candidate -> distance.apply(lower, candidate.toLowerCase(Locale.ROOT))))
        .orElseThrow();
  }
}
