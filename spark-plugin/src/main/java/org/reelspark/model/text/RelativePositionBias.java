package org.reelspark.model.text;

import java.nio.FloatBuffer;
import org.reelspark.tensor.Tensor;

/**
 * Biases of attention scores by the distance from query to key: near distances have a bucket each,
 * far ones share buckets of logarithmic width (T5, section 2.1; transformers' {@code
 * _relative_position_bucket}, bidirectional).
 */
final class RelativePositionBias {
  private final int buckets;
  private final int maxDistance;
  private final int heads;
  private final float[] table;

  /**
   * @param maxDistance from which all distances share the last bucket
   * @param table {@code [buckets, heads]}; one half of the buckets is for each direction
   */
  RelativePositionBias(int maxDistance, int heads, float[] table) {
    this.buckets = table.length / heads;
    this.maxDistance = maxDistance;
    this.heads = heads;
    this.table = table;
  }

  /**
   * Spreads the table over all pairs of positions.
   *
   * @param out host tensor {@code [heads, length, length]}, F32
   */
  void spread(int length, Tensor out) {
    FloatBuffer biases = out.buffer().asFloatBuffer();
    float[] byDistance = new float[2 * length - 1];
    for (int head = 0; head < heads; head++) {
      for (int i = 0; i < byDistance.length; i++) {
        byDistance[i] = table[bucket(i - (length - 1)) * heads + head];
      }
      for (int query = 0; query < length; query++) {
        biases.put(byDistance, length - 1 - query, length);
      }
    }
  }

  /** Bucket of a distance, key position minus query position. */
  int bucket(int distance) {
    int perDirection = buckets / 2;
    int exact = perDirection / 2;
    int direction = distance > 0 ? perDirection : 0;
    int magnitude = Math.abs(distance);
    if (magnitude < exact) {
      return direction + magnitude;
    }
    // In floats as the reference does: the borders of buckets depend on how they are rounded.
    float position = (float) Math.log((float) magnitude / exact);
    float scale = (float) Math.log((double) maxDistance / exact);
    int far = exact + (int) (position / scale * (perDirection - exact));
    return direction + Math.min(far, perDirection - 1);
  }
}
