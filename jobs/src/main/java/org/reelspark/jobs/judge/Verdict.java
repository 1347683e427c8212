package org.reelspark.jobs.judge;

import java.util.Optional;

/** Which attributes a clip shows as its caption asks. */
public record Verdict(boolean colour, boolean outline, boolean direction, boolean background) {
  /**
   * @param seen empty, when the clip shows no object, fails everything
   */
  static Verdict of(Clip asked, Optional<Observation> seen) {
    return seen.map(
            observation ->
                new Verdict(
                    observation.colour() == asked.colour(),
                    observation.outline() == asked.outline(),
                    observation.direction() == asked.direction(),
                    observation.background() == asked.background()))
        .orElse(new Verdict(false, false, false, false));
  }

  public boolean allCorrect() {
    return colour && outline && direction && background;
  }
}
