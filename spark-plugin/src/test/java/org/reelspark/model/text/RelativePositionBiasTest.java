package org.reelspark.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class RelativePositionBiasTest {
  @Test
  void bucketsEveryDistanceAsTransformersDoes() {
    for (JsonNode golden : TextGoldens.json("buckets.json").path("cases")) {
      RelativePositionBias bias =
          new RelativePositionBias(
              golden.path("maxDistance").intValue(),
              1,
              new float[golden.path("buckets").intValue()]);
      int distance = golden.path("firstDistance").intValue();
      for (JsonNode expected : golden.path("expected")) {
        assertThat(bias.bucket(distance))
            .as("distance %d, %s buckets", distance, golden.path("buckets"))
            .isEqualTo(expected.intValue());
        distance++;
      }
    }
  }

  @Test
  void spreadsTheTableByKeyMinusQuery() {
    int heads = 2;
    float[] table = new float[8 * heads];
    for (int i = 0; i < table.length; i++) {
      table[i] = i;
    }
    RelativePositionBias bias = new RelativePositionBias(20, heads, table);
    int length = 5;
    try (Tensor out = Tensor.allocateHost(DType.F32, Shape.of(heads, length, length))) {
      bias.spread(length, out);

      float[] spread = out.toFloats();
      for (int head = 0; head < heads; head++) {
        for (int query = 0; query < length; query++) {
          for (int key = 0; key < length; key++) {
            assertThat(spread[(head * length + query) * length + key])
                .isEqualTo(table[bias.bucket(key - query) * heads + head]);
          }
        }
      }
    }
  }
}
