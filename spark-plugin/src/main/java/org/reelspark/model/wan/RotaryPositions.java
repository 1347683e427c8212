package org.reelspark.model.wan;

import org.reelspark.attention.Grid;
import org.reelspark.backend.Backend;
import org.reelspark.backend.RotaryTable;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Rotary position embedding over frames, rows and columns: each axis turns its own share of a head's
 * pairs, by {@code position / 10000^(2i / dimensions of the axis)}.
 */
final class RotaryPositions {
  private static final double THETA = 10_000;

  private RotaryPositions() {}

  /**
   * The table of a grid.
   *
   * @param order {@code order[i]} is the row-major index of token i
   */
  static RotaryTable table(Grid grid, int[] order, int headDimension, Backend backend) {
    // Frames take what is left of three near-equal even shares: 44, 42 and 42 of 128.
    int spatialPairs = headDimension / 6;
    int framePairs = headDimension / 2 - 2 * spatialPairs;
    double[][] frames = angles(grid.frames(), framePairs);
    double[][] rows = angles(grid.height(), spatialPairs);
    double[][] columns = angles(grid.width(), spatialPairs);

    int pairs = headDimension / 2;
    float[] cos = new float[order.length * pairs];
    float[] sin = new float[order.length * pairs];
    double[] angles = new double[pairs];
    for (int token = 0; token < order.length; token++) {
      int column = order[token] % grid.width();
      int row = order[token] / grid.width() % grid.height();
      int frame = order[token] / grid.width() / grid.height();
      System.arraycopy(frames[frame], 0, angles, 0, framePairs);
      System.arraycopy(rows[row], 0, angles, framePairs, spatialPairs);
      System.arraycopy(columns[column], 0, angles, framePairs + spatialPairs, spatialPairs);
      for (int pair = 0; pair < pairs; pair++) {
        cos[token * pairs + pair] = (float) Math.cos(angles[pair]);
        sin[token * pairs + pair] = (float) Math.sin(angles[pair]);
      }
    }
    Shape shape = Shape.of(order.length, pairs);
    return new RotaryTable(upload(shape, cos, backend), upload(shape, sin, backend));
  }

  /** Angles of every position of one axis. */
  private static double[][] angles(int positions, int pairs) {
    double[][] angles = new double[positions][pairs];
    for (int position = 0; position < positions; position++) {
      for (int pair = 0; pair < pairs; pair++) {
        angles[position][pair] = position / Math.pow(THETA, (double) pair / pairs);
      }
    }
    return angles;
  }

  private static Tensor upload(Shape shape, float[] values, Backend backend) {
    try (Tensor host = Tensor.ofFloats(shape, values)) {
      return backend.upload(host);
    }
  }
}
