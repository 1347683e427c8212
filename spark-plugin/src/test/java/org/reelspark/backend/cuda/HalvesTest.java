package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.reelspark.tensor.HalfFloats;

class HalvesTest {
  @Test
  void everyHalfRoundsToItself() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short half = (short) bits;
      if (!Float.isNaN(HalfFloats.ofF16(half))) {
        assertThat(Halves.f16(HalfFloats.ofF16(half))).isEqualTo(half);
      }
      if (!Float.isNaN(HalfFloats.ofBf16(half))) {
        assertThat(Halves.bf16(HalfFloats.ofBf16(half))).isEqualTo(half);
      }
    }
  }

  @Test
  void roundsHalfwayToEven() {
    assertThat(HalfFloats.ofF16(Halves.f16(2049))).isEqualTo(2048);
    assertThat(HalfFloats.ofF16(Halves.f16(2051))).isEqualTo(2052);
    assertThat(HalfFloats.ofBf16(Halves.bf16(257))).isEqualTo(256);
    assertThat(HalfFloats.ofBf16(Halves.bf16(259))).isEqualTo(260);
  }
}
