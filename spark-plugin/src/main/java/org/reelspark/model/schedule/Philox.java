package org.reelspark.model.schedule;

/**
 * Philox4x32-10, a counter-based random generator: each 128-bit counter gives four 32-bit words by
 * itself, so any element can be drawn by anyone in any order (Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011).
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int KEY_INCREMENT_0 = 0x9E3779B9;
  private static final int KEY_INCREMENT_1 = 0xBB67AE85;

  private Philox() {}

  /**
   * Encrypts a counter in place.
   *
   * @param counter four words, replaced by four random words
   * @param key low word 0, high word 1
   */
  public static void encrypt(int[] counter, long key) {
    int key0 = (int) key;
    int key1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (counter[0] & 0xFFFFFFFFL);
      long product1 = MULTIPLIER_1 * (counter[2] & 0xFFFFFFFFL);
      counter[0] = (int) (product1 >>> 32) ^ counter[1] ^ key0;
      counter[1] = (int) product1;
      counter[2] = (int) (product0 >>> 32) ^ counter[3] ^ key1;
      counter[3] = (int) product0;
      key0 += KEY_INCREMENT_0;
      key1 += KEY_INCREMENT_1;
    }
  }
}
