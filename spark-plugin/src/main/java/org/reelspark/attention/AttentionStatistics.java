package org.reelspark.attention;

/**
 * Counts of (query block, key block) pairs of one or more attention calls.
 *
 * @param admissible pairs that masking allows
 * @param selected pairs whose QK product was computed
 * @param pvSkipped selected pairs, in units of whole blocks, whose PV product was skipped
 */
public record AttentionStatistics(long admissible, long selected, double pvSkipped) {
  public static final AttentionStatistics NONE = new AttentionStatistics(0, 0, 0);

  public AttentionStatistics plus(AttentionStatistics other) {
    return new AttentionStatistics(
        admissible + other.admissible, selected + other.selected, pvSkipped + other.pvSkipped);
  }

  /** Fraction of admissible blocks whose QK product was skipped, in [0, 1]. */
  public double qkSparsity() {
    return admissible == 0 ? 0 : 1 - (double) selected / admissible;
  }

  /** Fraction of all matrix products (QK and PV) that were skipped, in [0, 1]. */
  public double sparsity() {
    return admissible == 0 ? 0 : 1 - (2.0 * selected - pvSkipped) / (2.0 * admissible);
  }
}
