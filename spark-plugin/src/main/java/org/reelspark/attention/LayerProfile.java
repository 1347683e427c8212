package org.reelspark.attention;

import java.util.List;

/**
 * Head parameters of one layer by timestep.
 *
 * @param ranges by descending {@code fromTimestep}; the last one starts at 0
 */
public record LayerProfile(List<TimestepRange> ranges) {
  /**
   * Parameters from a timestep upwards, until the next range.
   *
   * @param fromTimestep inclusive, in [0, 1000)
   */
  public record TimestepRange(float fromTimestep, List<HeadParameters> heads) {
    public TimestepRange {
      heads = List.copyOf(heads);
    }
  }

  public LayerProfile {
    ranges = List.copyOf(ranges);
    if (ranges.isEmpty() || ranges.get(ranges.size() - 1).fromTimestep() != 0) {
      throw new IllegalArgumentException("the last timestep range must start at 0");
    }
    for (int i = 1; i < ranges.size(); i++) {
      if (!(ranges.get(i).fromTimestep() < ranges.get(i - 1).fromTimestep())) {
        throw new IllegalArgumentException(
            "timestep ranges must descend, found %s before %s"
                .formatted(ranges.get(i - 1).fromTimestep(), ranges.get(i).fromTimestep()));
      }
    }
  }

  List<HeadParameters> heads(float timestep) {
    for (TimestepRange range : ranges) {
      if (timestep >= range.fromTimestep()) {
        return range.heads();
      }
    }
    return ranges.get(ranges.size() - 1).heads();
  }
}
