package org.reelspark.jobs.judge;

/**
 * The pixels of one picture that belong to an object.
 *
 * @param inside {@code [height * width]}, row by row
 */
record Mask(int height, int width, boolean[] inside) {
  boolean at(int row, int column) {
    return inside[row * width + column];
  }

  int count() {
    int count = 0;
    for (boolean pixel : inside) {
      count += pixel ? 1 : 0;
    }
    return count;
  }

  double centreX() {
    long sum = 0;
    for (int i = 0; i < inside.length; i++) {
      sum += inside[i] ? i % width : 0;
    }
    return (double) sum / count();
  }

  double centreY() {
    long sum = 0;
    for (int i = 0; i < inside.length; i++) {
      sum += inside[i] ? i / width : 0;
    }
    return (double) sum / count();
  }

  /** Pixels that are in both, over pixels that are in either. */
  double overlap(Mask other) {
    int both = 0;
    int either = 0;
    for (int i = 0; i < inside.length; i++) {
      both += inside[i] && other.inside[i] ? 1 : 0;
      either += inside[i] || other.inside[i] ? 1 : 0;
    }
    return (double) both / Math.max(1, either);
  }

  /** The bounding box of a mask that is not empty, resized by bilinear interpolation. */
  Mask normalised(int side) {
    int top = height;
    int bottom = 0;
    int left = width;
    int right = 0;
    for (int i = 0; i < inside.length; i++) {
      if (inside[i]) {
        top = Math.min(top, i / width);
        bottom = Math.max(bottom, i / width);
        left = Math.min(left, i % width);
        right = Math.max(right, i % width);
      }
    }
    Axis rows = new Axis(top, bottom - top + 1, side);
    Axis columns = new Axis(left, right - left + 1, side);
    boolean[] resized = new boolean[side * side];
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        resized[row * side + column] = interpolate(rows, row, columns, column) > 0.5;
      }
    }
    return new Mask(side, side, resized);
  }

  private double interpolate(Axis rows, int row, Axis columns, int column) {
    double upper = interpolate(rows.lower(row), columns, column);
    double lower = interpolate(rows.upper(row), columns, column);
    return upper + rows.fraction(row) * (lower - upper);
  }

  private double interpolate(int row, Axis columns, int column) {
    double left = at(row, columns.lower(column)) ? 1 : 0;
    double right = at(row, columns.upper(column)) ? 1 : 0;
    return left + columns.fraction(column) * (right - left);
  }

  /**
   * Resizing along one axis, where pixels are squares whose centres lie at halves.
   *
   * @param start first pixel of the box
   * @param length pixels of the box
   * @param side pixels to resize it to
   */
  private record Axis(int start, int length, int side) {
    private double place(int pixel) {
      return Math.max(0, (pixel + 0.5) * length / side - 0.5);
    }

    int lower(int pixel) {
      return start + (int) place(pixel);
    }

    int upper(int pixel) {
      return start + Math.min((int) place(pixel) + 1, length - 1);
    }

    double fraction(int pixel) {
      return place(pixel) - Math.floor(place(pixel));
    }
  }
}
