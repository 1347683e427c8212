package org.reelspark.jobs.judge;

/** Ways that an object crosses the picture. */
public enum Direction {
  RIGHT(1, 0),
  LEFT(-1, 0),
  DOWN(0, 1),
  UP(0, -1),
  /** It stays where it is; no caption asks for that. */
  NONE(0, 0);

  /** Shortest way that counts as a movement, in picture widths. */
  private static final double SHORTEST_WAY = 0.04;

  private final int x;
  private final int y;

  Direction(int x, int y) {
    this.x = x;
    this.y = y;
  }

  int x() {
    return x;
  }

  int y() {
    return y;
  }

  /** The direction of a way in picture widths and heights. */
  static Direction of(double wayX, double wayY) {
    if (Math.max(Math.abs(wayX), Math.abs(wayY)) < SHORTEST_WAY) {
      return NONE;
    }
    if (Math.abs(wayX) > Math.abs(wayY)) {
      return wayX > 0 ? RIGHT : LEFT;
    }
    return wayY > 0 ? DOWN : UP;
  }
}
