package org.reelspark.model.wan;

import org.reelspark.attention.Grid;
import org.reelspark.backend.RotaryTable;

/**
 * Rotary position embedding over frames, rows and columns: each axis turns its own share of a
 * head's pairs, pair i of n by the angle {@code position / 10000^(i / n)}.
 */
final class RotaryPositions {
  private static final double THETA = 10_000;

  private RotaryPositions() {}

  /**
   * The table of a grid in token order.
   *
   * @param order {@code order[i]} is the row-major index of token i
   */
  static RotaryTable table(Grid grid, int[] order, int headDimension, RunMemory memory) {
    // Frames take what two equal shares leave: 22, 21 and 21 of 64 pairs.
    int pairs = headDimension / 2;
    int spatialPairs = headDimension / 6;
    int framePairs = pairs - 2 * spatialPairs;
    Axis frames = Axis.of(grid.frames(), framePairs);
    Axis rows = Axis.of(grid.height(), spatialPairs);
    Axis columns = Axis.of(grid.width(), spatialPairs);

    float[] cos = new float[order.length * pairs];
    float[] sin = new float[order.length * pairs];
    for (int token = 0; token < order.length; token++) {
      int column = order[token] % grid.width();
      int row = order[token] / grid.width() % grid.height();
      int frame = order[token] / grid.width() / grid.height();
      int at = token * pairs;
      frames.copy(frame, cos, sin, at);
      rows.copy(row, cos, sin, at + framePairs);
      columns.copy(column, cos, sin, at + framePairs + spatialPairs);
    }
    return new RotaryTable(
        memory.copyOf(cos, order.length, pairs), memory.copyOf(sin, order.length, pairs));
  }

  /** Cosines and sines of every position of one axis, {@code [positions][pairs]}. */
  private record Axis(float[][] cos, float[][] sin) {
    static Axis of(int positions, int pairs) {
      float[][] cos = new float[positions][pairs];
      float[][] sin = new float[positions][pairs];
      for (int position = 0; position < positions; position++) {
        for (int pair = 0; pair < pairs; pair++) {
          double angle = position / StrictMath.pow(THETA, (double) pair / pairs);
          cos[position][pair] = (float) StrictMath.cos(angle);
          sin[position][pair] = (float) StrictMath.sin(angle);
        }
      }
      return new Axis(cos, sin);
    }

    void copy(int position, float[] cosOut, float[] sinOut, int at) {
      System.arraycopy(cos[position], 0, cosOut, at, cos[position].length);
      System.arraycopy(sin[position], 0, sinOut, at, sin[position].length);
    }
  }
}
