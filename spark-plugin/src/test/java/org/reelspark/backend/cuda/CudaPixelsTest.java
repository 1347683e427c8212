package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.reelspark.tensor.Shape;

class CudaPixelsTest {
  @Test
  void channelsHoldFramesOrPatches() {
    assertThat(CudaPixels.interleaved(Shape.of(2, 3, 5, 32))).containsExactly(4, 3, 5, 16);
    assertThat(CudaPixels.unpatchified(Shape.of(2, 3, 4, 12), 2)).containsExactly(2, 6, 8, 3);
  }

  @Test
  void refusesChannelsThatLeaveARemainder() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaPixels.interleaved(Shape.of(2, 3, 5, 33)))
        .withMessage("33 channels do not split into 2 equal parts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaPixels.unpatchified(Shape.of(2, 3, 4, 13), 2))
        .withMessage("13 channels do not split into 4 equal parts");
  }
}
