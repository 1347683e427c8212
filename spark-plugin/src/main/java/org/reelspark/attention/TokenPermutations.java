package org.reelspark.attention;

/** Builds the permutations of {@link TokenOrder}. */
final class TokenPermutations {
  private TokenPermutations() {}

  static int[] of(TokenOrder order, Grid grid) {
    if (order != TokenOrder.ROW_MAJOR) {
      throw new IllegalArgumentException("order " + order);
    }
    int[] identity = new int[grid.tokens()];
    for (int i = 0; i < identity.length; i++) {
      identity[i] = i;
    }
    return identity;
  }
}
