package org.reelspark.attention;

/** Random numbers that a few lines of any language reproduce bit for bit (SplitMix64). */
final class SplitMix {
  private long state;

  SplitMix(long seed) {
    this.state = seed;
  }

  /** 24 random bits. */
  private int bits() {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (int) ((z ^ (z >>> 31)) >>> 40);
  }

  /** In [0, 1). */
  float uniform() {
    return bits() * 0x1p-24f;
  }

  /** Close to normal, of deviation 1.15: the sum of four uniform numbers in [-1, 1). */
  float normal() {
    return (bits() + bits() + bits() + bits() - (1 << 25)) * 0x1p-23f;
  }
}
