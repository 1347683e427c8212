package org.reelspark.jobs.randomcheckpoint;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.reelspark.model.schedule.GaussianNoise;
import org.reelspark.model.schedule.Philox;
import org.reelspark.tensor.DType;

/**
 * Normal values. Each is one of 32,768 fixed standard normal numbers, scaled, with a random sign:
 * 16 random bits choose it, so that billions of weights are drawn as fast as a disk takes them.
 */
record Normal(double mean, double deviation) implements Values {
  private static final int NUMBERS = 1 << 15;
  private static final long POOL_SEED = 0;
  private static final FloatBuffer POOL = pool();

  /** Weights of a layer that gives {@code gain} times its input's root mean square. */
  static Normal fanIn(long inputs, double gain) {
    return new Normal(0, gain / Math.sqrt(inputs));
  }

  @Override
  public Filler filler(DType type, long seed, long stream) {
    return new Drawing(Encoding.of(type), codes(Encoding.of(type)), seed, stream);
  }

  /** The scaled numbers in the type of the file, then their mirror images. */
  private int[] codes(Encoding encoding) {
    int[] codes = new int[2 * NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
      codes[i] = encoding.bits((float) (mean + deviation * POOL.get(i)));
      codes[NUMBERS + i] = encoding.bits((float) (mean - deviation * POOL.get(i)));
    }
    return codes;
  }

  private static FloatBuffer pool() {
    FloatBuffer pool = FloatBuffer.allocate(NUMBERS);
    GaussianNoise.fill(pool, POOL_SEED, 0);
    return pool;
  }

  private record Drawing(Encoding encoding, int[] codes, long seed, long stream) implements Filler {
    @Override
    public void fill(ByteBuffer out, long first, int count) {
      int[] words = new int[GRANULE / 2];
      for (int start = 0; start < count; start += GRANULE) {
        long counter = (first + start) / GRANULE;
        words[0] = (int) counter;
        words[1] = (int) (counter >>> Integer.SIZE);
        words[2] = (int) stream;
        words[3] = (int) (stream >>> Integer.SIZE);
        Philox.encrypt(words, seed);
        int end = Math.min(GRANULE, count - start);
        for (int i = 0; i < end; i++) {
          int draw = words[i / 2] >>> (i % 2 * Short.SIZE) & 0xffff;
          encoding.put(out, start + i, codes[draw]);
        }
      }
    }
  }
}
