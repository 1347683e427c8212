package org.reelspark.jobs.tuning;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.reelspark.model.ModelDescription;

/** One head in one timestep range: what gets parameters of its own. */
record HeadPlace(int layer, int range, int head) {
  /** A value for every head of a model in every range. */
  static <T> Map<HeadPlace, T> fill(
      ModelDescription model, int ranges, Function<HeadPlace, T> value) {
    Map<HeadPlace, T> values = new HashMap<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      for (int range = 0; range < ranges; range++) {
        for (int head = 0; head < model.heads(); head++) {
          HeadPlace place = new HeadPlace(layer, range, head);
          values.put(place, value.apply(place));
        }
      }
    }
    return values;
  }
}
