package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** A model whose blocks add numbers: the first one what a test says, the others together 100. */
class FirstBlockCacheTest {
  private static final int DIMENSION = 2;
  private static final float REST = 100;

  private final Backend backend = CpuBackend.create(new CpuOptions(2));
  private final RunMemory memory = new RunMemory(backend);

  @AfterEach
  void close() {
    memory.close();
    backend.close();
  }

  private FirstBlockCache cache(float threshold, int tokens) {
    return new FirstBlockCache(threshold, tokens, DIMENSION, memory, backend);
  }

  /** What a run makes of tokens that are all zero. */
  private float[] run(BlockCache cache, int tokens, float firstAdds, float restAdds) {
    float[] values = new float[tokens * DIMENSION];
    try (Tensor stream = Tensor.ofFloats(Shape.of(tokens, DIMENSION), values)) {
      cache.beforeFirstBlock(stream);
      add(firstAdds, stream);
      if (!cache.addsRest(stream)) {
        add(restAdds, stream);
        cache.afterLastBlock(stream);
      }
      return stream.toFloats();
    }
  }

  private static void add(float value, Tensor stream) {
    float[] sums = stream.toFloats();
    for (int i = 0; i < sums.length; i++) {
      stream.buffer().asFloatBuffer().put(i, sums[i] + value);
    }
  }

  private static float[] all(float value, int tokens) {
    float[] values = new float[tokens * DIMENSION];
    Arrays.fill(values, value);
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1024, 1025, 3000})
  void addsWhatTheOtherBlocksLastAdded(int tokens) {
    FirstBlockCache cache = cache(0.1f, tokens);

    assertThat(run(cache, tokens, 8, REST)).isEqualTo(all(108, tokens));
    assertThat(cache.reuses()).isZero();
    assertThat(run(cache, tokens, 8.5f, Float.NaN)).isEqualTo(all(108.5f, tokens));
    assertThat(cache.reuses()).isOne();
  }

  @Test
  void comparesWithTheRunThatComputedLast() {
    FirstBlockCache cache = cache(0.1f, 3);
    run(cache, 3, 10, REST);

    run(cache, 3, 10.75f, REST);
    assertThat(cache.reuses()).as("7.5%% away").isOne();
    assertThat(run(cache, 3, 11.5f, 200)).as("15%% away").isEqualTo(all(211.5f, 3));
    assertThat(run(cache, 3, 12, Float.NaN)).as("4%% away").isEqualTo(all(212, 3));
    assertThat(cache.reuses()).isEqualTo(2);
  }

  @Test
  void computesAlwaysWhereTheFirstBlockAddsNothing() {
    FirstBlockCache cache = cache(Float.POSITIVE_INFINITY, 3);
    run(cache, 3, 0, REST);
    run(cache, 3, 0, REST);

    assertThat(cache.reuses()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"1, 1.25, 0.25", "-1, 1, 2", "4, 4, 0", "0, 1, Infinity", "0, 0, NaN", "1, NaN, NaN"})
  void changeIsRelativeToWhatWas(float then, float now, Double expected) {
    assertThat(FirstBlockCache.change(new float[] {then, then}, new float[] {now, now}))
        .isEqualTo(expected);
  }

  @Test
  void changeIsAMeanOverAllValues() {
    assertThat(FirstBlockCache.change(new float[] {1, -3}, new float[] {2, -3}))
        .isCloseTo(0.25, within(1e-12));
  }

  @Test
  void goesOnWithTheStateOfAnother() {
    FirstBlockCache first = cache(0.1f, 5);
    run(first, 5, 10, REST);
    FirstBlockCache second = cache(0.1f, 5);
    second.restore(first.state());

    assertThat(run(second, 5, 10, Float.NaN)).isEqualTo(all(110, 5));
  }

  @Test
  void stateBeforeTheFirstRunIsNone() {
    FirstBlockCache second = cache(0.1f, 5);
    List<float[]> state = cache(0.1f, 5).state();
    second.restore(state);

    assertThat(state).hasSize(2).allMatch(values -> values.length == 0);
    assertThat(run(second, 5, 10, 50)).isEqualTo(all(60, 5));
  }
}
