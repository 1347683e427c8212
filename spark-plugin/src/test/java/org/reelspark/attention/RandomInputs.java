package org.reelspark.attention;

import java.util.Random;

/** Random query, key and value, laid out {@code [batch, heads, tokens, headDimension]}. */
record RandomInputs(AttentionShape shape, float[] query, float[] key, float[] value) {
  /** Independent normal values. */
  static RandomInputs normal(AttentionShape shape, long seed) {
    Random random = new Random(seed);
    return new RandomInputs(
        shape,
        normal(random, shape.queryElements()),
        normal(random, shape.keyElements()),
        normal(random, shape.keyElements()));
  }

  /**
   * Tokens that resemble their neighbours, as a video's do: each is the previous one, a little
   * changed.
   */
  static RandomInputs smooth(AttentionShape shape, long seed) {
    RandomInputs inputs = normal(shape, seed);
    walk(inputs.query, shape.headDimension());
    walk(inputs.key, shape.headDimension());
    return inputs;
  }

  private static void walk(float[] rows, int dimension) {
    for (int i = dimension; i < rows.length; i++) {
      rows[i] = 0.98f * rows[i - dimension] + 0.2f * rows[i];
    }
  }

  private static float[] normal(Random random, long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
