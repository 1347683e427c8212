package org.reelspark.attention;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/** Builds and remembers the permutations of {@link TokenOrder}. */
final class TokenPermutations {
  /** Edge of a brick: 4 x 4 x 4 tokens fill one key block. */
  private static final int BRICK = 4;

  private static final long RANDOM_SEED = 42;

  /** A job meets few grids; a service that meets many starts over rather than grow. */
  private static final int REMEMBERED = 64;

  private static final Map<Key, Permutation> CACHE = new ConcurrentHashMap<>();

  private TokenPermutations() {}

  private record Key(TokenOrder order, Grid grid) {}

  private record Permutation(int[] order, int[] inverse) {}

  /** Token at each place. Shared: callers must not change it. */
  static int[] of(TokenOrder order, Grid grid) {
    return permutation(order, grid).order();
  }

  /** Place of each token. Shared: callers must not change it. */
  static int[] inverse(TokenOrder order, Grid grid) {
    return permutation(order, grid).inverse();
  }

  private static Permutation permutation(TokenOrder order, Grid grid) {
    if (CACHE.size() > REMEMBERED) {
      CACHE.clear();
    }
    return CACHE.computeIfAbsent(new Key(order, grid), TokenPermutations::build);
  }

  private static Permutation build(Key key) {
    int[] order = tokens(key.order(), key.grid());
    int[] inverse = new int[order.length];
    for (int place = 0; place < order.length; place++) {
      inverse[order[place]] = place;
    }
    return new Permutation(order, inverse);
  }

  private static int[] tokens(TokenOrder order, Grid grid) {
    return switch (order) {
      case ROW_MAJOR -> rowMajor(grid);
      case COLUMN_MAJOR -> columnMajor(grid);
      case TIME_MAJOR -> timeMajor(grid);
      case HILBERT -> HilbertCurve.order(grid);
      case BRICKS -> bricks(grid);
      case RANDOM -> random(grid);
    };
  }

  private static int[] rowMajor(Grid grid) {
    int[] order = new int[grid.tokens()];
    for (int token = 0; token < order.length; token++) {
      order[token] = token;
    }
    return order;
  }

  private static int[] columnMajor(Grid grid) {
    int[] order = new int[grid.tokens()];
    int place = 0;
    for (int frame = 0; frame < grid.frames(); frame++) {
      for (int column = 0; column < grid.width(); column++) {
        for (int row = 0; row < grid.height(); row++) {
          order[place++] = grid.index(frame, row, column);
        }
      }
    }
    return order;
  }

  private static int[] timeMajor(Grid grid) {
    int[] order = new int[grid.tokens()];
    int place = 0;
    for (int row = 0; row < grid.height(); row++) {
      for (int column = 0; column < grid.width(); column++) {
        for (int frame = 0; frame < grid.frames(); frame++) {
          order[place++] = grid.index(frame, row, column);
        }
      }
    }
    return order;
  }

  /** Whole bricks first, so that each fills exactly one key block; then those cut by the edges. */
  private static int[] bricks(Grid grid) {
    BrickOrder bricks = new BrickOrder(grid);
    bricks.visit(BrickOrder.Kind.WHOLE);
    bricks.visit(BrickOrder.Kind.CUT);
    return bricks.order;
  }

  private static final class BrickOrder {
    private enum Kind {
      WHOLE,
      CUT
    }

    private final Grid grid;
    private final int[] order;
    private int place;

    BrickOrder(Grid grid) {
      this.grid = grid;
      this.order = new int[grid.tokens()];
    }

    void visit(Kind kind) {
      for (int frame = 0; frame < grid.frames(); frame += BRICK) {
        for (int row = 0; row < grid.height(); row += BRICK) {
          for (int column = 0; column < grid.width(); column += BRICK) {
            if (kind(frame, row, column) == kind) {
              visitBrick(frame, row, column);
            }
          }
        }
      }
    }

    private Kind kind(int frame, int row, int column) {
      boolean whole =
          frame + BRICK <= grid.frames()
              && row + BRICK <= grid.height()
              && column + BRICK <= grid.width();
      return whole ? Kind.WHOLE : Kind.CUT;
    }

    private void visitBrick(int firstFrame, int firstRow, int firstColumn) {
      for (int frame = firstFrame; frame < Math.min(firstFrame + BRICK, grid.frames()); frame++) {
        for (int row = firstRow; row < Math.min(firstRow + BRICK, grid.height()); row++) {
          int end = Math.min(firstColumn + BRICK, grid.width());
          for (int column = firstColumn; column < end; column++) {
            order[place++] = grid.index(frame, row, column);
          }
        }
      }
    }
  }

  private static int[] random(Grid grid) {
    int[] order = rowMajor(grid);
    Random random = new Random(RANDOM_SEED);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int token = order[i];
      order[i] = order[j];
      order[j] = token;
    }
    return order;
  }
}
