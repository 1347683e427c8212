package org.reelspark.spark;

import java.util.List;
import org.apache.spark.SparkConf;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * How RAPIDS sizes its part of a GPU, once and when it starts: a fraction of what is then free but
 * for a reserve. It does not start with less than another fraction of the whole GPU.
 */
record RapidsMemory(double fraction, double leastFraction, long reserveBytes) {
  static final String FRACTION = "spark.rapids.memory.gpu.allocFraction";
  static final String LEAST_FRACTION = "spark.rapids.memory.gpu.minAllocFraction";
  static final String RESERVE = "spark.rapids.memory.gpu.reserve";

  private static final long MIB = 1 << 20;

  static RapidsMemory of(SparkConf conf) {
    return new RapidsMemory(
        conf.getDouble(FRACTION, 1),
        conf.getDouble(LEAST_FRACTION, 0.25),
        conf.getSizeAsBytes(RESERVE, "640m"));
  }

  /**
   * What to change because it leaves RAPIDS little or nothing, whatever the GPU.
   *
   * @param oursMib as {@link ReelsparkConf#GPU_MEMORY} says
   */
  List<String> warnings(int oursMib) {
    if (oursMib == 0) {
      String refusal =
          isNeverEnough(oursMib)
              ? ", and RAPIDS does not start with less than %s of the whole (%s)"
                  .formatted(leastFraction, LEAST_FRACTION)
              : "";
      return List.of(
          "Reelspark takes nine tenths of each GPU's memory (%s is 0), RAPIDS %s of the other tenth (%s)%s; set the first to the MiB that models need"
              .formatted(ReelsparkConf.GPU_MEMORY.key(), fraction, FRACTION, refusal));
    }
    if (isNeverEnough(oursMib)) {
      return List.of(
          "RAPIDS takes %s (%s) of what Reelspark's %d MiB (%s) leave of a GPU, and does not start with less than %s of the whole (%s); set the last to 0"
              .formatted(
                  fraction,
                  FRACTION,
                  oursMib,
                  ReelsparkConf.GPU_MEMORY.key(),
                  leastFraction,
                  LEAST_FRACTION));
    }
    return List.of();
  }

  /** One line on who takes what, for the log. */
  String plan(int oursMib) {
    return "GPU memory: %s for Reelspark (%s), then %s of what is left but %d MiB for RAPIDS (%s, %s)%s"
        .formatted(
            oursMib == 0 ? "nine tenths" : oursMib + " MiB",
            ReelsparkConf.GPU_MEMORY.key(),
            fraction,
            reserveBytes / MIB,
            FRACTION,
            RESERVE,
            smallestGpu(oursMib));
  }

  private String smallestGpu(int oursMib) {
    if (leastFraction == 0 || isNeverEnough(oursMib)) {
      return "";
    }
    double taken = oursMib + (double) reserveBytes / MIB;
    double smallest = fraction * taken / (fractionOfWhole(oursMib) - leastFraction);
    return "; RAPIDS starts on GPUs of at least %d MiB (%s is %s)"
        .formatted((long) Math.ceil(smallest), LEAST_FRACTION, leastFraction);
  }

  private boolean isNeverEnough(int oursMib) {
    return leastFraction > 0 && fractionOfWhole(oursMib) <= leastFraction;
  }

  /** What RAPIDS' part of a GPU tends to as GPUs grow. */
  private double fractionOfWhole(int oursMib) {
    return oursMib == 0 ? fraction / 10 : fraction;
  }

  /**
   * One line on what RAPIDS will take of a GPU that Reelspark has taken its part of.
   *
   * @param freeBytes after that
   * @throws ReelsparkException INVALID_CONFIGURATION when RAPIDS would not start
   */
  String share(long freeBytes, long totalBytes) {
    long share = (long) (fraction * Math.max(0, freeBytes - reserveBytes));
    long least = (long) (leastFraction * totalBytes);
    if (share < least) {
      throw new ReelsparkException(
          ErrorCode.INVALID_CONFIGURATION,
          "RAPIDS would not start: of the GPU's %d MiB, %d are free beside Reelspark, of which RAPIDS takes %d (%s of all but %d) and insists on %d (%s is %s); set that to 0, or %s to less"
              .formatted(
                  totalBytes / MIB,
                  freeBytes / MIB,
                  share / MIB,
                  fraction,
                  reserveBytes / MIB,
                  least / MIB,
                  LEAST_FRACTION,
                  leastFraction,
                  ReelsparkConf.GPU_MEMORY.key()));
    }
    return "RAPIDS will take %d of the GPU's %d MiB: %s of the %d that are free beside Reelspark, but for %d"
        .formatted(share / MIB, totalBytes / MIB, fraction, freeBytes / MIB, reserveBytes / MIB);
  }
}
