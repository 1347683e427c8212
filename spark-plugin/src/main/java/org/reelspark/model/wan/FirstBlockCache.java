package org.reelspark.model.wan;

import java.util.List;
import java.util.stream.IntStream;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/**
 * Takes the first block for a sign of all: from step to step, what the others add to the tokens
 * changes about as much as what the first one adds. While that has changed by no more than a
 * threshold since the others last computed, what they added then is added again (the first-block
 * cache of ParaAttention, after TeaCache, arXiv 2411.19108).
 *
 * <p>The change is {@code mean |now - then| / mean |then|} over a sample of the tokens. The sample
 * is copied to the host, where one sum gives the same bits whatever the backend's threads.
 */
final class FirstBlockCache implements BlockCache {
  private static final int MOST_SAMPLES = 1024;

  private final float threshold;
  private final Backend backend;
  private final int[] sampledTokens;

  /** Sampled tokens before the first block, and after it; {@code [samples, d]}. */
  private final Tensor before;

  private final Tensor after;
  private final Tensor host;

  /** What the other blocks added when they last computed, {@code [S, d]}. */
  private final Tensor rest;

  /** What the first block added to the sampled tokens in this run. */
  private float[] added;

  /** The same when the other blocks last computed; empty before they have. */
  private float[] addedThen = {};

  private int reuses;

  /**
   * @param threshold above 0
   */
  FirstBlockCache(float threshold, long tokens, long dimension, RunMemory memory, Backend backend) {
    this.threshold = threshold;
    this.backend = backend;
    int samples = samples(tokens);
    this.sampledTokens =
        IntStream.range(0, samples).map(i -> (int) (i * tokens / samples)).toArray();
    this.before = memory.allocate(samples, dimension);
    this.after = memory.allocate(samples, dimension);
    this.host = memory.allocateHost(samples, dimension);
    this.rest = memory.allocate(tokens, dimension);
  }

  private static int samples(long tokens) {
    return (int) Math.min(tokens, MOST_SAMPLES);
  }

  /** Whether arrays are the {@link #state} of a cache of this size. */
  static boolean fits(List<float[]> state, long tokens, long dimension) {
    int ofFirst = state.get(0).length;
    int ofRest = state.get(1).length;
    return (ofFirst == 0 && ofRest == 0)
        || (ofFirst == samples(tokens) * dimension && ofRest == tokens * dimension);
  }

  @Override
  public void beforeFirstBlock(Tensor tokens) {
    backend.gather(tokens, sampledTokens, before);
  }

  @Override
  public boolean addsRest(Tensor tokens) {
    backend.gather(tokens, sampledTokens, after);
    backend.combine(new float[] {1, -1}, List.of(after, before), after);
    backend.copy(after, host);
    added = host.toFloats();
    if (addedThen.length > 0 && change(addedThen, added) <= threshold) {
      backend.combine(new float[] {1, 1}, List.of(tokens, rest), tokens);
      reuses++;
      return true;
    }
    backend.combine(new float[] {1}, List.of(tokens), rest);
    return false;
  }

  @Override
  public void afterLastBlock(Tensor tokens) {
    backend.combine(new float[] {1, -1}, List.of(tokens, rest), rest);
    addedThen = added;
  }

  /** NaN, which is below no threshold, where nothing was added. */
  static double change(float[] then, float[] now) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < then.length; i++) {
      difference += Math.abs((double) now[i] - then[i]);
      size += Math.abs((double) then[i]);
    }
    return difference / size;
  }

  @Override
  public int reuses() {
    return reuses;
  }

  @Override
  public List<float[]> state() {
    if (addedThen.length == 0) {
      return List.of(addedThen, new float[0]);
    }
    try (Tensor copy = Tensor.allocateHost(DType.F32, rest.shape())) {
      backend.copy(rest, copy);
      return List.of(addedThen, copy.toFloats());
    }
  }

  @Override
  public void restore(List<float[]> state) {
    addedThen = state.get(0);
    if (addedThen.length > 0) {
      Shape shape = rest.shape();
      try (Tensor copy = Tensor.ofFloats(shape, state.get(1))) {
        backend.copy(copy, rest);
      }
    }
  }
}
