package org.reelspark.model.schedule;

import java.nio.FloatBuffer;

/**
 * Standard normal noise in which element i depends on the seed, the stream and i alone, by
 * arithmetic that has the same bits on every machine: the same video whatever the partitioning,
 * retry or device.
 */
public final class GaussianNoise {
  /** The stream of the latents that a run starts from. */
  public static final int INITIAL_LATENTS = 0;

  private static final double TWO_TO_MINUS_32 = 0x1p-32;
  private static final int WORDS = 4;

  private GaussianNoise() {}

  /**
   * Fills a buffer up to its limit.
   *
   * @param stream separates independent uses of one seed
   */
  public static void fill(FloatBuffer out, long seed, int stream) {
    int[] words = new int[WORDS];
    int count = out.limit();
    for (int start = 0; start < count; start += WORDS) {
      words[0] = start / WORDS;
      words[1] = 0;
      words[2] = stream;
      words[3] = 0;
      Philox.encrypt(words, seed);
      for (int pair = 0; pair < WORDS; pair += 2) {
        // Box-Muller: two uniform numbers in (0, 1) give two normal ones.
        double radius = Math.sqrt(-2 * StrictMath.log(uniform(words[pair])));
        double angle = 2 * Math.PI * uniform(words[pair + 1]);
        put(out, start + pair, radius * StrictMath.cos(angle));
        put(out, start + pair + 1, radius * StrictMath.sin(angle));
      }
    }
  }

  private static void put(FloatBuffer out, int index, double value) {
    if (index < out.limit()) {
      out.put(index, (float) value);
    }
  }

  private static double uniform(int word) {
    return ((word & 0xFFFFFFFFL) + 0.5) * TWO_TO_MINUS_32;
  }
}
