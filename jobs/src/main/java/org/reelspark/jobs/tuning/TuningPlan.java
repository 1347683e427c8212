package org.reelspark.jobs.tuning;

import java.util.List;
import org.reelspark.attention.TokenOrder;
import org.reelspark.model.VideoGeometry;

/**
 * What a profile is tuned on.
 *
 * @param prompts calibration prompts; prompt i starts from noise of seed i
 * @param geometry size of the videos of the runs
 * @param steps sampler steps of each run
 * @param guidanceScale of each run
 * @param orders token orders to choose from
 * @param bound greatest relative L1 error of a head's output on any sample
 * @param ranges timestep ranges, of equally many steps, that get parameters of their own
 * @param samplesPerRange steps of each range at which heads are sampled
 * @param queryBlocks query blocks of a sample that are measured
 */
public record TuningPlan(
    List<String> prompts,
    VideoGeometry geometry,
    int steps,
    float guidanceScale,
    List<TokenOrder> orders,
    double bound,
    int ranges,
    int samplesPerRange,
    int queryBlocks) {
  public TuningPlan {
    prompts = List.copyOf(prompts);
    orders = List.copyOf(orders);
    require(!prompts.isEmpty(), "there must be a calibration prompt");
    require(!orders.isEmpty(), "there must be a token order to try");
    require(bound > 0 && bound < 1, "the error bound must be in (0, 1), found " + bound);
    require(ranges >= 1, "there must be at least 1 timestep range, found " + ranges);
    require(samplesPerRange >= 1, "a range needs at least 1 sample, found " + samplesPerRange);
    require(queryBlocks >= 1, "a sample needs at least 1 query block, found " + queryBlocks);
    require(
        steps >= ranges * samplesPerRange,
        "%d steps are too few for %d ranges of %d samples"
            .formatted(steps, ranges, samplesPerRange));
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /** The range that a step falls into, 0 for the noisiest. */
  int range(int step) {
    return step * ranges / steps;
  }

  /** Whether heads are sampled at a step: those in the middle of equal parts of each range. */
  boolean samples(int step) {
    int samples = ranges * samplesPerRange;
    int part = step * samples / steps;
    int first = (part * steps + samples - 1) / samples;
    int end = ((part + 1) * steps + samples - 1) / samples;
    return step == (first + end - 1) / 2;
  }
}
