package org.reelspark.attention;

import java.util.Arrays;

/** The key blocks of one row by descending score, of equal scores the lower index first. */
final class RankedBlocks {
  private final int[] blocks;
  private final int[] unranked;

  /** Sum of the softmax weights of the blocks before each rank; the last entry is the total. */
  private final double[] weightBefore;

  private RankedBlocks(int[] blocks, int[] unranked, double[] weightBefore) {
    this.blocks = blocks;
    this.unranked = unranked;
    this.weightBefore = weightBefore;
  }

  /** Ranks the blocks whose scores are finite. */
  static RankedBlocks of(float[] scores) {
    long[] keys = new long[scores.length];
    int[] unranked = new int[scores.length];
    int size = 0;
    int unrankedSize = 0;
    for (int block = 0; block < scores.length; block++) {
      if (Float.isFinite(scores[block])) {
        keys[size++] = descendingKey(scores[block]) << 32 | block;
      } else {
        unranked[unrankedSize++] = block;
      }
    }
    Arrays.sort(keys, 0, size);
    int[] blocks = new int[size];
    double[] weightBefore = new double[size + 1];
    for (int rank = 0; rank < size; rank++) {
      blocks[rank] = (int) keys[rank];
      double weight = Math.exp((double) scores[blocks[rank]] - scores[blocks[0]]);
      weightBefore[rank + 1] = weightBefore[rank] + weight;
    }
    return new RankedBlocks(blocks, Arrays.copyOf(unranked, unrankedSize), weightBefore);
  }

  int size() {
    return blocks.length;
  }

  int block(int rank) {
    return blocks[rank];
  }

  /** Blocks whose score is not finite, ascending. */
  int[] unranked() {
    return unranked;
  }

  /** Size of the smallest leading set whose probability reaches the threshold. */
  int countReaching(float threshold) {
    double weight = threshold * weightBefore[size()];
    int count = 0;
    while (count < size() && weightBefore[count] < weight) {
      count++;
    }
    return count;
  }

  /** Integers that sort like the descending order of finite floats; both zeros are equal. */
  private static long descendingKey(float score) {
    int bits = Float.floatToRawIntBits(score + 0f);
    return ~(bits ^ ((bits >> 31) & 0x7fffffff));
  }
}
