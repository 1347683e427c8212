package org.reelspark.jobs.randomcheckpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reelspark.jobs.randomcheckpoint.Values.Filler;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HalfFloats;

class NormalTest {
  private static final int COUNT = 1 << 20;

  @Test
  void isNormal() {
    float[] values = floats(new Normal(0, 1).filler(DType.F32, 1, 2), 0, COUNT);

    double standardError = 1 / Math.sqrt(COUNT);
    assertThat(moment(values, 1)).isCloseTo(0, within(4 * standardError));
    // The fixed numbers that are drawn from are a sample of 32,768 themselves.
    assertThat(moment(values, 2)).isCloseTo(1, within(0.03));
    assertThat(moment(values, 4)).isCloseTo(3, within(0.3));
    assertThat(correlationOfNeighbours(values)).isCloseTo(0, within(4 * standardError));
  }

  private static double moment(float[] values, int power) {
    double sum = 0;
    for (float value : values) {
      sum += Math.pow(value, power);
    }
    return sum / values.length;
  }

  private static double correlationOfNeighbours(float[] values) {
    double sum = 0;
    for (int i = 1; i < values.length; i++) {
      sum += (double) values[i] * values[i - 1];
    }
    return sum / values.length;
  }

  @Test
  void keepsTheRootMeanSquareOfALayersInput() {
    float[] values = floats(Normal.fanIn(400, 1.5).filler(DType.F32, 1, 2), 0, COUNT);

    assertThat(Math.sqrt(moment(values, 2) * 400)).isCloseTo(1.5, within(0.03));
  }

  @Test
  void doesNotDependOnTheParts() {
    Filler filler = new Normal(1, 0.02).filler(DType.F32, 7, 8);

    float[] whole = floats(filler, 0, 100);
    assertThat(floats(filler, 64, 36)).containsExactly(Arrays.copyOfRange(whole, 64, 100));
  }

  /** Beyond what 32 bits count, so that the largest tables have no repetitions. */
  @Test
  void doesNotRepeat() {
    Filler filler = new Normal(0, 1).filler(DType.F32, 7, 8);
    long far = 1L << 35;

    assertThat(floats(filler, far, 64)).isNotEqualTo(floats(filler, 0, 64));
  }

  @Test
  void dependsOnSeedAndStream() {
    Normal normal = new Normal(0, 1);
    float[] values = floats(normal.filler(DType.F32, 7, 8), 0, 64);

    assertThat(floats(normal.filler(DType.F32, 8, 8), 0, 64)).isNotEqualTo(values);
    assertThat(floats(normal.filler(DType.F32, 7, 9), 0, 64)).isNotEqualTo(values);
    assertThat(floats(normal.filler(DType.F32, 7, 8 | 1L << 32), 0, 64)).isNotEqualTo(values);
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void typesDifferInRoundingOnly(DType type) {
    Normal normal = new Normal(0.5, 2);
    float[] values = floats(normal.filler(DType.F32, 7, 8), 0, 64);
    ByteBuffer halves = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    normal.filler(type, 7, 8).fill(halves, 0, 64);

    for (int i = 0; i < values.length; i++) {
      short expected =
          type == DType.F16 ? HalfFloats.toF16(values[i]) : HalfFloats.toBf16(values[i]);
      assertThat(halves.getShort(2 * i)).isEqualTo(expected);
    }
  }

  private static float[] floats(Filler filler, long first, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    filler.fill(bytes, first, count);
    float[] values = new float[count];
    bytes.asFloatBuffer().get(values);
    return values;
  }
}
