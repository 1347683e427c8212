package org.reelspark.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
  @Test
  void showsEvenlySpacedFramesFromTheFirstToTheLast() throws IOException {
    BufferedImage sheet = read(ContactSheet.png(shades(9, 4, 2), 5, 1));

    assertThat(sheet.getWidth()).isEqualTo(20);
    assertThat(sheet.getHeight()).isEqualTo(2);
    assertThat(new int[] {red(sheet, 0, 0), red(sheet, 4, 0), red(sheet, 19, 1)})
        .containsExactly(0, 2, 8);
  }

  @Test
  void fillsRowsFirstAndLeavesTheRestBlack() throws IOException {
    BufferedImage sheet = read(ContactSheet.png(shades(3, 2, 2), 2, 2));

    assertThat(red(sheet, 2, 0)).isEqualTo(1);
    assertThat(red(sheet, 0, 2)).isEqualTo(2);
    assertThat(sheet.getRGB(2, 2)).isEqualTo(0xff000000);
  }

  @Test
  void showsASingleFrame() throws IOException {
    assertThat(read(ContactSheet.png(shades(1, 3, 3), 1, 1)).getWidth()).isEqualTo(3);
  }

  @Test
  void rejectsASheetWithoutCells() {
    assertThatThrownBy(() -> ContactSheet.png(shades(1, 1, 1), 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 0 and 1");
  }

  /** Frame n has red n, green 7 and blue 9 everywhere. */
  private static Frames shades(int count, int width, int height) {
    ByteBuffer rgb = ByteBuffer.allocateDirect(3 * count * width * height);
    for (int frame = 0; frame < count; frame++) {
      for (int pixel = 0; pixel < width * height; pixel++) {
        rgb.put((byte) frame).put((byte) 7).put((byte) 9);
      }
    }
    return new Frames(count, height, width, rgb.clear());
  }

  private static int red(BufferedImage sheet, int x, int y) {
    int pixel = sheet.getRGB(x, y);
    assertThat(pixel & 0xffff).isEqualTo(7 << 8 | 9);
    return pixel >> 16 & 0xff;
  }

  private static BufferedImage read(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }
}
