package org.reelspark.jobs.judge;

/** Shapes of the objects that the sample model draws. */
public enum Outline {
  CIRCLE {
    @Override
    float signedDistance(float x, float y, float radius) {
      return (float) Math.sqrt(x * x + y * y) - radius;
    }
  },
  SQUARE {
    @Override
    float signedDistance(float x, float y, float radius) {
      return Math.max(Math.abs(x), Math.abs(y)) - 0.88f * radius;
    }
  },
  /** One tip up. */
  TRIANGLE {
    @Override
    float signedDistance(float x, float y, float radius) {
      return Math.max(Math.abs(x) * 0.894f - (y + radius) * 0.447f, y - 0.8f * radius);
    }
  },
  CROSS {
    @Override
    float signedDistance(float x, float y, float radius) {
      float upright = Math.max(Math.abs(x) - 0.32f * radius, Math.abs(y) - radius);
      float level = Math.max(Math.abs(y) - 0.32f * radius, Math.abs(x) - radius);
      return Math.min(upright, level);
    }
  };

  /**
   * Distance of a point from the edge of the shape at the origin, negative inside; y points down.
   */
  abstract float signedDistance(float x, float y, float radius);
}
