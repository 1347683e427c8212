package org.reelspark.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.reelspark.tensor.Shape;

class HeadStridesTest {
  @Test
  void tokensOfAHeadLieApartByAllHeadsWhenTokensComeFirst() {
    assertThat(HeadStrides.of(Shape.of(2, 5, 3, 8), AttentionLayout.TOKEN_MAJOR))
        .isEqualTo(new HeadStrides(2, 3, 5, 8, 120, 8, 24));
  }

  @Test
  void tokensOfAHeadLieSideBySideWhenHeadsComeFirst() {
    assertThat(HeadStrides.of(Shape.of(2, 3, 5, 8), AttentionLayout.HEAD_MAJOR))
        .isEqualTo(new HeadStrides(2, 3, 5, 8, 120, 40, 8));
  }
}
