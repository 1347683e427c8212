package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.Grid;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.VideoGeometry;

class WanSizesTest {
  /** Wan 2.1: a latent is 8 x 8 pixels of 4 frames, a token 2 x 2 latents. */
  private static final WanSizes WAN = new WanSizes(new Patch(1, 2, 2), 16, 8, 4, 1024);

  @Test
  void knowsTheGridOfAStandardVideo() {
    assertThat(WAN.geometry(832, 480, 81))
        .isEqualTo(new VideoGeometry(832, 480, 81, 16, 21, 60, 104, new Grid(21, 30, 52)));
  }

  @Test
  void makesStillPictures() {
    assertThat(WAN.geometry(16, 16, 1).grid()).isEqualTo(new Grid(1, 1, 1));
  }

  @Test
  void patchesMaySpanLatentFrames() {
    WanSizes sizes = new WanSizes(new Patch(2, 1, 1), 4, 8, 4, 1024);

    assertThat(sizes.geometry(8, 8, 5).latentFrames()).isEqualTo(2);
    assertThatThrownBy(() -> sizes.geometry(8, 8, 9)).hasMessageContaining("5 and 13");
  }

  @ParameterizedTest
  @CsvSource({
    "130, 128, 81, width 130, 128 and 144",
    "128, 100, 81, height 100, 96 and 112",
    "128, 128, 80, frames 80, 77 and 81",
    "0, 128, 81, width 0, yours: 16",
    "-16, 128, 81, width -16, yours: 16",
    "128, 1, 81, height 1, yours: 16",
    "128, 128, 0, frames 0, yours: 1",
    "128, 128, -3, frames -3, yours: 1",
    "128, 128, -2147483648, frames -2147483648, yours: 1",
    "16400, 128, 81, width 16400, yours: 16384",
    "128, 2147483647, 81, height 2147483647, yours: 16384",
    "128, 128, 2147483647, frames 2147483647, yours: 4093",
  })
  void refusesOtherSizesNamingTheNearest(
      int width, int height, int frames, String found, String nearest) {
    assertThatThrownBy(() -> WAN.geometry(width, height, frames))
        .isInstanceOfSatisfying(
            ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_SIZE))
        .hasMessageStartingWith(found)
        .hasMessageContaining(nearest);
  }
}
