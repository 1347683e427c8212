package org.reelspark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TokenOrderTest {
  @ParameterizedTest
  @EnumSource
  void visitsEveryTokenOnceForAllSmallSizes(TokenOrder order) {
    for (int frames = 1; frames <= 9; frames++) {
      for (int height = 1; height <= 9; height++) {
        for (int width = 1; width <= 9; width++) {
          Grid grid = new Grid(frames, height, width);
          assertThat(sorted(order.permutation(grid)))
              .as("%s over %s", order, grid)
              .isEqualTo(TokenOrder.ROW_MAJOR.permutation(grid));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void visitsEveryTokenOnceForRealGrids(TokenOrder order) {
    for (Grid grid : new Grid[] {new Grid(17, 16, 16), new Grid(21, 30, 52), new Grid(1, 45, 80)}) {
      assertThat(sorted(order.permutation(grid))).isEqualTo(TokenOrder.ROW_MAJOR.permutation(grid));
    }
  }

  @Test
  void hilbertStepsToANeighbourWhenAllSizesAreEven() {
    for (int frames = 2; frames <= 12; frames += 2) {
      for (int height = 2; height <= 12; height += 2) {
        for (int width = 2; width <= 12; width += 2) {
          Grid grid = new Grid(frames, height, width);
          assertThat(longestStep(grid)).as("%s", grid).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void hilbertStepsToANeighbourInEvenPicturesAndInAnyLine() {
    for (int height = 2; height <= 20; height += 2) {
      for (int width = 2; width <= 20; width += 2) {
        assertThat(longestStep(new Grid(1, height, width))).isEqualTo(1);
      }
    }
    for (int length = 1; length <= 20; length++) {
      assertThat(longestStep(new Grid(1, 1, length))).isLessThanOrEqualTo(1);
      assertThat(TokenOrder.HILBERT.permutation(new Grid(1, 1, length)))
          .isEqualTo(TokenOrder.ROW_MAJOR.permutation(new Grid(1, 1, length)));
    }
  }

  @Test
  void hilbertStepsAtMostOneInEachDimensionForOddSizes() {
    for (int frames = 1; frames <= 9; frames++) {
      for (int height = 1; height <= 9; height++) {
        for (int width = 1; width <= 9; width++) {
          Grid grid = new Grid(frames, height, width);
          assertThat(longestJump(grid)).as("%s", grid).isLessThanOrEqualTo(1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HILBERT", "BRICKS"})
  void keyBlocksAreCompact(TokenOrder order) {
    Grid grid = new Grid(17, 16, 16);
    double local = meanSpread(order, grid);
    assertThat(local).isLessThan(0.7 * meanSpread(TokenOrder.ROW_MAJOR, grid));
    assertThat(local).isLessThan(0.7 * meanSpread(TokenOrder.TIME_MAJOR, grid));
    assertThat(local).isLessThan(0.3 * meanSpread(TokenOrder.RANDOM, grid));
  }

  @Test
  void wholeBricksFillWholeKeyBlocksInRaggedGrids() {
    Grid grid = new Grid(9, 10, 11);
    int[] order = TokenOrder.BRICKS.permutation(grid);
    int wholeBricks = 2 * 2 * 2;
    for (int brick = 0; brick < wholeBricks; brick++) {
      int[] extent = extents(grid, order, brick * 64, (brick + 1) * 64);
      assertThat(extent).containsExactly(4, 4, 4);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ROW_MAJOR, 0 1 2 3 4 5 6 7",
    "COLUMN_MAJOR, 0 2 1 3 4 6 5 7",
    "TIME_MAJOR, 0 4 1 5 2 6 3 7",
    "HILBERT, 0 2 3 1 5 7 6 4"
  })
  void ordersTheSmallestCube(TokenOrder order, String places) {
    int[] expected = Arrays.stream(places.split(" ")).mapToInt(Integer::parseInt).toArray();
    assertThat(order.permutation(new Grid(2, 2, 2))).isEqualTo(expected);
  }

  @Test
  void changingAPermutationLeavesTheNextOneAlone() {
    Grid grid = new Grid(3, 4, 5);
    int[] first = TokenOrder.HILBERT.permutation(grid);
    int[] copy = first.clone();
    Arrays.fill(first, -1);
    assertThat(TokenOrder.HILBERT.permutation(grid)).isEqualTo(copy);
  }

  @Test
  void hilbertIndexIsThePlaceOfTheToken() {
    Grid grid = new Grid(3, 4, 5);
    int[] order = TokenOrder.HILBERT.permutation(grid);
    for (int place = 0; place < order.length; place++) {
      int token = order[place];
      assertThat(HilbertCurve.index(token / 20, token / 5 % 4, token % 5, grid)).isEqualTo(place);
    }
  }

  @Test
  void rejectsTokensOutsideTheGrid() {
    assertThatThrownBy(() -> HilbertCurve.index(0, 4, 0, new Grid(3, 4, 5)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("(0, 4, 0)")
        .hasMessageContaining("3 x 4 x 5");
  }

  @Test
  void rejectsGridsWithMoreTokensThanAnIndexCanCount() {
    assertThatThrownBy(() -> new Grid(1 << 30, 1 << 30, 1 << 30))
        .isInstanceOf(ArithmeticException.class);
  }

  private static int[] sorted(int[] order) {
    Arrays.sort(order);
    return order;
  }

  /** Greatest sum of coordinate differences between consecutive tokens. */
  private static int longestStep(Grid grid) {
    int[] order = TokenOrder.HILBERT.permutation(grid);
    int longest = 0;
    for (int place = 1; place < order.length; place++) {
      int[] from = coordinates(grid, order[place - 1]);
      int[] to = coordinates(grid, order[place]);
      int step = 0;
      for (int dimension = 0; dimension < 3; dimension++) {
        step += Math.abs(from[dimension] - to[dimension]);
      }
      longest = Math.max(longest, step);
    }
    return longest;
  }

  /** Greatest coordinate difference between consecutive tokens. */
  private static int longestJump(Grid grid) {
    int[] order = TokenOrder.HILBERT.permutation(grid);
    int longest = 0;
    for (int place = 1; place < order.length; place++) {
      int[] from = coordinates(grid, order[place - 1]);
      int[] to = coordinates(grid, order[place]);
      for (int dimension = 0; dimension < 3; dimension++) {
        longest = Math.max(longest, Math.abs(from[dimension] - to[dimension]));
      }
    }
    return longest;
  }

  /** Mean over key blocks of the sum of their extents in the three dimensions. */
  private static double meanSpread(TokenOrder order, Grid grid) {
    int[] tokens = order.permutation(grid);
    int blocks = tokens.length / 64;
    double sum = 0;
    for (int block = 0; block < blocks; block++) {
      sum += Arrays.stream(extents(grid, tokens, block * 64, (block + 1) * 64)).sum();
    }
    return sum / blocks;
  }

  private static int[] extents(Grid grid, int[] order, int from, int to) {
    int[] least = {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE};
    int[] most = new int[3];
    for (int place = from; place < to; place++) {
      int[] token = coordinates(grid, order[place]);
      for (int dimension = 0; dimension < 3; dimension++) {
        least[dimension] = Math.min(least[dimension], token[dimension]);
        most[dimension] = Math.max(most[dimension], token[dimension]);
      }
    }
    return new int[] {most[0] - least[0] + 1, most[1] - least[1] + 1, most[2] - least[2] + 1};
  }

  private static int[] coordinates(Grid grid, int token) {
    int frame = token / (grid.height() * grid.width());
    int row = token / grid.width() % grid.height();
    return new int[] {frame, row, token % grid.width()};
  }
}
