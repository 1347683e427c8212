package org.reelspark.model.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GaussianNoiseTest {
  private static final int COUNT = 1 << 20;

  @Test
  void hasTheMomentsOfTheStandardNormalDistribution() {
    float[] noise = noise(COUNT, 7, 0);
    double[] moments = new double[5];
    for (float value : noise) {
      for (int power = 1; power < moments.length; power++) {
        moments[power] += Math.pow(value, power) / COUNT;
      }
    }

    // Four standard errors of each sample moment.
    assertThat(moments[1]).isCloseTo(0, within(4 * Math.sqrt(1.0 / COUNT)));
    assertThat(moments[2]).isCloseTo(1, within(4 * Math.sqrt(2.0 / COUNT)));
    assertThat(moments[3]).isCloseTo(0, within(4 * Math.sqrt(15.0 / COUNT)));
    assertThat(moments[4]).isCloseTo(3, within(4 * Math.sqrt(96.0 / COUNT)));
  }

  @Test
  void neighboursAreUncorrelated() {
    float[] noise = noise(COUNT, -1, 3);
    for (int lag = 1; lag <= 4; lag++) {
      double correlation = 0;
      for (int i = lag; i < COUNT; i++) {
        correlation += (double) noise[i] * noise[i - lag] / (COUNT - lag);
      }
      assertThat(correlation).as("lag %d", lag).isCloseTo(0, within(4 / Math.sqrt(COUNT)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 1000})
  void anElementDependsOnNeitherTheCountNorItsNeighbours(int count) {
    assertThat(noise(count, 42, 0)).containsExactly(Arrays.copyOf(noise(1004, 42, 0), count));
  }

  @Test
  void seedsAndStreamsAreIndependent() {
    float[] noise = noise(16, 42, 0);

    assertThat(noise(16, 43, 0)).doesNotContain(noise);
    assertThat(noise(16, 42L + (1L << 32), 0)).doesNotContain(noise);
    assertThat(noise(16, 42, 1)).doesNotContain(noise);
  }

  /** Guards against a change of results: every published video would change with it. */
  @Test
  void keepsItsValues() {
    assertThat(noise(5, 42, 0))
        .containsExactly(-0.9701898f, 0.19401896f, -1.2356207f, 1.9239267f, -0.07318151f);
  }

  private static float[] noise(int count, long seed, int stream) {
    float[] values = new float[count];
    GaussianNoise.fill(FloatBuffer.wrap(values), seed, stream);
    return values;
  }
}
