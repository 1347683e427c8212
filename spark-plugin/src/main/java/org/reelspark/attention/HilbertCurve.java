package org.reelspark.attention;

import java.util.Arrays;

/**
 * A space-filling curve through a box of any three sizes, after the generalised Hilbert curve
 * ("gilbert") of Červený: a box is cut into two, three or five smaller ones, each entered next to
 * where the previous one was left. Every token is visited once; consecutive tokens are neighbours
 * when all sizes are even, and differ by at most one in each dimension otherwise.
 */
public final class HilbertCurve {
  private static final int DIMENSIONS = 3;

  private final Grid grid;
  private final int[] order;
  private int filled;

  private HilbertCurve(Grid grid) {
    this.grid = grid;
    this.order = new int[grid.tokens()];
  }

  /**
   * Place of a token on the curve, in [0, tokens).
   *
   * @throws IndexOutOfBoundsException when the token lies outside the grid
   */
  public static int index(int frame, int row, int column, Grid grid) {
    int token = grid.index(frame, row, column);
    return TokenPermutations.inverse(TokenOrder.HILBERT, grid)[token];
  }

  /** Row-major indices of the grid's tokens along the curve. */
  static int[] order(Grid grid) {
    HilbertCurve curve = new HilbertCurve(grid);
    int[] sizes = {grid.frames(), grid.height(), grid.width()};
    // The curve enters at the origin and leaves at the far end of the longest dimension, which
    // must come first; among equals the earlier dimension does.
    Edge[] edges = new Edge[DIMENSIONS];
    for (int dimension = 0; dimension < DIMENSIONS; dimension++) {
      edges[dimension] = new Edge(dimension, sizes[dimension]);
    }
    Arrays.sort(edges, (a, b) -> Integer.compare(b.length(), a.length()));
    curve.visit(new int[DIMENSIONS], edges[0], edges[1], edges[2]);
    return curve.order;
  }

  /**
   * An edge of a box, from its entry corner.
   *
   * @param extent length, negative where the box extends towards lower coordinates
   */
  private record Edge(int dimension, int extent) {
    int length() {
      return Math.abs(extent);
    }

    int sign() {
      return Integer.signum(extent);
    }

    /** The first half; even when the length allows it, which keeps the curve continuous. */
    Edge half() {
      int half = length() / 2;
      if (half % 2 == 1 && length() > 2) {
        half++;
      }
      return new Edge(dimension, sign() * half);
    }

    Edge rest() {
      return new Edge(dimension, extent - half().extent);
    }

    Edge reversed() {
      return new Edge(dimension, -extent);
    }

    /** Moves a corner to the other end of this edge, one past its last token. */
    void addTo(int[] corner) {
      corner[dimension] += extent;
    }

    /** Moves a corner to this edge's last token. */
    void addLastTo(int[] corner) {
      corner[dimension] += extent - sign();
    }
  }

  /** Visits a box from its corner {@code start} to the last token of edge {@code a}. */
  private void visit(int[] start, Edge a, Edge b, Edge c) {
    if (b.length() == 1 && c.length() == 1) {
      walk(start, a);
    } else if (a.length() == 1 && c.length() == 1) {
      walk(start, b);
    } else if (a.length() == 1 && b.length() == 1) {
      walk(start, c);
    } else if (2 * a.length() > 3 * b.length() && 2 * a.length() > 3 * c.length()) {
      visit(start, a.half(), b, c);
      visit(past(start, a.half()), a.rest(), b, c);
    } else if (3 * b.length() > 4 * c.length()) {
      visitWithoutCutting(start, a, b, c);
    } else if (3 * c.length() > 4 * b.length()) {
      visitWithoutCuttingSecond(start, a, b, c);
    } else {
      visitFiveParts(start, a, b, c);
    }
  }

  /** Cuts a and b: up along b beside the first half of a, across all of a, and down again. */
  private void visitWithoutCutting(int[] start, Edge a, Edge b, Edge c) {
    visit(start, b.half(), c, a.half());
    visit(past(start, b.half()), a, b.rest(), c);
    int[] last = atLast(atLast(start, a), b.half());
    visit(last, b.half().reversed(), c, a.rest().reversed());
  }

  /** The same with a and c. */
  private void visitWithoutCuttingSecond(int[] start, Edge a, Edge b, Edge c) {
    visit(start, c.half(), a.half(), b);
    visit(past(start, c.half()), a, b, c.rest());
    int[] last = atLast(atLast(start, a), c.half());
    visit(last, c.half().reversed(), a.rest().reversed(), b);
  }

  private void visitFiveParts(int[] start, Edge a, Edge b, Edge c) {
    visit(start, b.half(), c.half(), a.half());
    visit(past(start, b.half()), c, a.half(), b.rest());
    int[] third = atLast(atLast(start, b.half()), c);
    visit(third, a, b.half().reversed(), c.rest().reversed());
    int[] fourth = atLast(atLast(past(start, b.half()), a), c);
    visit(fourth, c.reversed(), a.rest().reversed(), b.rest());
    int[] fifth = atLast(atLast(start, a), b.half());
    visit(fifth, b.half().reversed(), c.half(), a.rest().reversed());
  }

  private void walk(int[] start, Edge edge) {
    int[] token = start.clone();
    for (int i = 0; i < edge.length(); i++) {
      order[filled++] = grid.index(token[0], token[1], token[2]);
      token[edge.dimension()] += edge.sign();
    }
  }

  private static int[] past(int[] corner, Edge edge) {
    int[] moved = corner.clone();
    edge.addTo(moved);
    return moved;
  }

  private static int[] atLast(int[] corner, Edge edge) {
    int[] moved = corner.clone();
    edge.addLastTo(moved);
    return moved;
  }
}
