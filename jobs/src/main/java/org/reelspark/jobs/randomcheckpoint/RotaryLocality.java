package org.reelspark.jobs.randomcheckpoint;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;

/**
 * The bias of self-attention's queries, and the same of its keys, that makes heads look around
 * themselves. The part of queries and keys that all tokens share is turned by the rotary embedding
 * alone, so its products fall with the distance of two tokens along each axis, within tokens where
 * it lies in the fast half of an axis' frequencies. The strength rises over the heads from nearly
 * none to one that leaves a few tokens around.
 *
 * @param headDimension even; split among frames, rows and columns as {@code WanRotaryPosEmbed} does
 */
record RotaryLocality(int heads, int headDimension) implements Values {
  /** Of the last head, as a multiple of the root mean square of what tokens differ in. */
  private static final double STRONGEST = 3;

  @Override
  public Filler filler(DType type, long seed, long stream) {
    return (out, first, count) -> fill(out, Encoding.of(type), first, count);
  }

  private void fill(ByteBuffer out, Encoding encoding, long first, int count) {
    for (int i = 0; i < count; i++) {
      encoding.put(out, i, encoding.bits((float) value(Math.toIntExact(first + i))));
    }
  }

  private double value(int element) {
    int head = element / headDimension;
    return isFast(element % headDimension / 2) ? STRONGEST * (head + 0.5) / heads : 0;
  }

  /** Pairs of an axis lie from its fastest to its slowest. */
  private boolean isFast(int pair) {
    int sidePairs = headDimension / 6;
    int framePairs = headDimension / 2 - 2 * sidePairs;
    if (pair < framePairs) {
      return 2 * pair < framePairs;
    }
    return 2 * ((pair - framePairs) % sidePairs) < sidePairs;
  }
}
