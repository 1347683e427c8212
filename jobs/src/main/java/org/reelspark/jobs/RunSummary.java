package org.reelspark.jobs;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a run ended.
 *
 * @param failures number of failed rows by error code
 * @param sparsity mean over the videos made now, in [0, 1]; NaN when none was
 * @param seconds wall time of the run
 * @param firstRows rows for the page, from the start of the input
 */
record RunSummary(
    long generated,
    long skipped,
    Map<String, Long> failures,
    double sparsity,
    double seconds,
    List<VideoRow> firstRows) {
  /** A page with more players than this is of no use. */
  private static final int MOST_ROWS_ON_PAGE = 500;

  private static final int MOST_FAILURES_SHOWN = 5;

  static RunSummary of(Iterator<VideoRow> rows, double seconds) {
    long generated = 0;
    long skipped = 0;
    double sparsity = 0;
    Map<String, Long> failures = new TreeMap<>();
    List<VideoRow> firstRows = new ArrayList<>();
    while (rows.hasNext()) {
      VideoRow row = rows.next();
      if (firstRows.size() < MOST_ROWS_ON_PAGE) {
        firstRows.add(row);
      }
      if (row.generated()) {
        generated++;
        sparsity += row.video().orElseThrow().sparsity();
      } else if (row.skipped()) {
        skipped++;
      } else {
        failures.merge(row.error().orElseThrow().code(), 1L, Long::sum);
      }
    }
    return new RunSummary(
        generated, skipped, failures, sparsity / generated, seconds, List.copyOf(firstRows));
  }

  long failed() {
    return failures.values().stream().mapToLong(Long::longValue).sum();
  }

  long rows() {
    return generated + skipped + failed();
  }

  /**
   * Such as {@code 8 rows: 6 generated, 1 skipped, 1 failed (1 INVALID_SIZE), in 2 min 5 s,
   * sparsity 53%}.
   */
  String line() {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT, "%d rows: %d generated, %d skipped", rows(), generated, skipped));
    line.append(String.format(Locale.ROOT, ", %d failed", failed()));
    if (!failures.isEmpty()) {
      List<String> causes = new ArrayList<>();
      failures.forEach((code, count) -> causes.add(count + " " + code));
      line.append(" (").append(String.join(", ", causes)).append(')');
    }
    line.append(", in ").append(Durations.text(seconds));
    if (generated > 0) {
      line.append(String.format(Locale.ROOT, ", sparsity %.0f%%", 100 * sparsity));
    }
    return line.toString();
  }

  /** What went wrong with the first few failed rows, a line each. */
  List<String> failureLines() {
    return firstRows.stream()
        .filter(row -> row.error().isPresent())
        .limit(MOST_FAILURES_SHOWN)
        .map(
            row ->
                String.format(
                    Locale.ROOT,
                    "row %d: %s: %s",
                    row.number(),
                    row.error().get().code(),
                    row.error().get().message()))
        .toList();
  }
}
