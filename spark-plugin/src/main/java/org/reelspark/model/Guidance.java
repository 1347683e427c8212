package org.reelspark.model;

/**
 * Classifier-free guidance: away from the negative prompt's velocity u, past the prompt's velocity
 * c, to {@code u + scale * (c - u)}. It takes a second run of the model, and may be limited to an
 * interval of the steps, outside of which the velocity is c (Kynkaanniemi et al. 2024, arXiv
 * 2404.07724).
 *
 * @param scale at most 1 means no guidance
 * @param start where guidance begins, as a fraction of the steps in [0, 1], rounded to whole steps
 * @param end where it ends, as a fraction of the steps in [start, 1]
 */
public record Guidance(float scale, float start, float end) {
  public Guidance {
    if (!(0 <= start && start <= end && end <= 1)) {
      throw new IllegalArgumentException(
          "guidance from %s to %s of the steps".formatted(start, end));
    }
  }

  /** In all steps. */
  public static Guidance throughout(float scale) {
    return new Guidance(scale, 0, 1);
  }

  /**
   * Whether a step runs the model for the negative prompt too.
   *
   * @param step from 0
   */
  public boolean guides(int step, int steps) {
    return scale > 1 && firstStep(steps) <= step && step < endStep(steps);
  }

  /** Whether any step of a run does. */
  public boolean guidesAnyOf(int steps) {
    return modelRuns(steps) > steps;
  }

  /** How often a whole run evaluates the model. */
  public int modelRuns(int steps) {
    return modelRunsBefore(steps, steps);
  }

  /** How often a run evaluates the model before a step. */
  public int modelRunsBefore(int step, int steps) {
    if (scale <= 1) {
      return step;
    }
    int first = firstStep(steps);
    return step + Math.max(first, Math.min(step, endStep(steps))) - first;
  }

  private int firstStep(int steps) {
    return Math.round(start * steps);
  }

  private int endStep(int steps) {
    return Math.round(end * steps);
  }
}
