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
