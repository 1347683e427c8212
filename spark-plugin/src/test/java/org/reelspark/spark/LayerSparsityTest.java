package org.reelspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.reelspark.attention.AttentionStatistics;

class LayerSparsityTest {
  @Test
  void weighsVideosByTheirWork() {
    LayerSparsity first = new LayerSparsity();
    first.add(List.of(new AttentionStatistics(100, 50, 0), new AttentionStatistics(10, 10, 0)));
    LayerSparsity second = first.copy();
    second.reset();
    assertThat(second.isZero()).isTrue();
    second.add(List.of(new AttentionStatistics(300, 300, 0), new AttentionStatistics(10, 0, 0)));
    second.add(
        List.of(AttentionStatistics.NONE, AttentionStatistics.NONE, AttentionStatistics.NONE));

    first.merge(second);

    assertThat(first.value()).containsExactly(0.125, 0.5, 0.0);
  }
}
