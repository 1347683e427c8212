package org.reelspark.attention;

import java.util.List;

/**
 * How a profile was tuned.
 *
 * @param modelDigest of the model's checkpoint
 * @param date ISO 8601 day
 * @param bound greatest relative L1 error of a head's output on any calibration sample
 * @param prompts calibration prompts
 * @param steps sampler steps of the calibration runs
 * @param sparsity mean fraction of matrix products skipped on the calibration samples
 */
public record TuningRecord(
    String modelDigest,
    String date,
    double bound,
    List<String> prompts,
    int steps,
    double sparsity) {
  public TuningRecord {
    if (modelDigest == null || date == null || prompts == null) {
      throw new IllegalArgumentException(
          "the model's digest, the date and the prompts must be given");
    }
    prompts = List.copyOf(prompts);
  }
}
