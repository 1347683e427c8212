package org.reelspark.model.schedule;

/**
 * The weights of UniPC's updates, which are linear in the tensors they combine. With {@code alpha =
 * 1 - sigma} and {@code lambda = ln(alpha / sigma)}, a step from s to t has length {@code h =
 * lambda_t - lambda_s}.
 */
final class UniPcCoefficients {
  private final SigmaSchedule schedule;

  UniPcCoefficients(SigmaSchedule schedule) {
    this.schedule = schedule;
  }

  /**
   * The predictor from sigma i to sigma i + 1.
   *
   * @return weights of the latents at i, of the data predicted at i, and, with order 2, of the data
   *     predicted at i - 1
   */
  float[] predictor(int i, int order) {
    double sigmaRatio = sigma(i + 1) / sigma(i);
    double h = lambda(i + 1) - lambda(i);
    double scale = -alpha(i + 1) * StrictMath.expm1(-h);
    if (order == 1) {
      return floats(sigmaRatio, scale);
    }
    double difference = scale * 0.5 / relativeStep(i, h);
    return floats(sigmaRatio, scale - difference, difference);
  }

  /**
   * The corrector at sigma i, from the latents that the previous predictor, of the given order,
   * started from.
   *
   * @return weights of the latents at i - 1, of the data predicted at i, of the data predicted at i
   *     - 1, and, with order 2, of the data predicted at i - 2
   */
  float[] corrector(int i, int order) {
    double sigmaRatio = sigma(i) / sigma(i - 1);
    double h = lambda(i) - lambda(i - 1);
    double bh = StrictMath.expm1(-h);
    double scale = -alpha(i) * bh;
    if (order == 1) {
      return floats(sigmaRatio, scale * 0.5, scale * 0.5);
    }
    // Solves [1 1; r 1] rho = b.
    double r = relativeStep(i - 1, h);
    double phi1 = bh / -h - 1;
    double phi2 = phi1 / -h - 0.5;
    double b1 = phi1 / bh;
    double b2 = 2 * phi2 / bh;
    double rhoBefore = (b1 - b2) / (1 - r);
    double rhoNow = b1 - rhoBefore;
    double difference = scale * rhoBefore / r;
    return floats(sigmaRatio, scale * rhoNow, scale * (1 - rhoNow) - difference, difference);
  }

  /** {@code (lambda(i - 1) - lambda(i)) / h}: where the older data lies, in steps; negative. */
  private double relativeStep(int i, double h) {
    return (lambda(i - 1) - lambda(i)) / h;
  }

  private double sigma(int i) {
    return schedule.sigma(i);
  }

  private double alpha(int i) {
    return 1 - sigma(i);
  }

  private double lambda(int i) {
    return StrictMath.log(alpha(i)) - StrictMath.log(sigma(i));
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
