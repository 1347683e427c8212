package org.reelspark.jobs.judge;

/** Colours of the objects that the sample model draws; parts in [0, 1]. */
public enum Colour {
  RED(0.9f, 0.1f, 0.1f),
  GREEN(0.1f, 0.75f, 0.2f),
  BLUE(0.15f, 0.3f, 0.95f),
  YELLOW(0.95f, 0.9f, 0.1f),
  MAGENTA(0.9f, 0.15f, 0.85f),
  CYAN(0.1f, 0.85f, 0.9f),
  WHITE(0.95f, 0.95f, 0.95f);

  private final float[] parts;

  Colour(float red, float green, float blue) {
    this.parts = new float[] {red, green, blue};
  }

  /**
   * @param channel 0 for red, 1 for green, 2 for blue
   */
  float part(int channel) {
    return parts[channel];
  }

  private float squaredDistance(float[] pixel) {
    float sum = 0;
    for (int channel = 0; channel < parts.length; channel++) {
      float difference = pixel[channel] - parts[channel];
      sum += difference * difference;
    }
    return sum;
  }

  /** The colour with the smallest Euclidean distance. */
  static Colour nearest(float[] pixel) {
    Colour nearest = RED;
    for (Colour colour : values()) {
      if (colour.squaredDistance(pixel) < nearest.squaredDistance(pixel)) {
        nearest = colour;
      }
    }
    return nearest;
  }
}
