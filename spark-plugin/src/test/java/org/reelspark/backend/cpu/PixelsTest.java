package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class PixelsTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));

  private final RandomTensors random = new RandomTensors(29);

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @Test
  void truncatesClampedLevels() {
    float[] values = {-2, -1, -0.999f, 0, 0.5f, 0.9999f, 1, 3};
    try (Tensor x = Tensor.ofFloats(Shape.of(8), values);
        Tensor rgb = Tensor.allocateHost(DType.U8, Shape.of(8))) {
      BACKEND.toRgb(x, rgb);
      for (int i = 0; i < values.length; i++) {
        float level = Math.min(1, Math.max(0, values[i] / 2 + 0.5f)) * 255;
        assertThat(Byte.toUnsignedInt(rgb.buffer().get(i))).isEqualTo((int) level);
      }
      assertThat(Byte.toUnsignedInt(rgb.buffer().get(7))).isEqualTo(255);
    }
  }

  @Test
  void interleavesFramesFromChannels() {
    try (Tensor x = random.normal(3, 2, 5, 8);
        Tensor out = BACKEND.allocate(6, 2, 5, 4)) {
      BACKEND.interleaveFrames(x, out);
      float[] in = x.toFloats();
      float[] result = out.toFloats();
      for (int i = 0; i < result.length; i++) {
        int channel = i % 4;
        int pixel = i / 4 % 10;
        int frame = i / 40;
        assertThat(result[i]).isEqualTo(in[(frame / 2 * 10 + pixel) * 8 + frame % 2 * 4 + channel]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,3", "2,1", "4,2"})
  void unpatchifiesPixelsWithColumnsBeforeRows(int patch, int channels) {
    try (Tensor x = random.normal(2, 3, 5, (long) channels * patch * patch);
        Tensor out = BACKEND.allocate(2, 3L * patch, 5L * patch, channels)) {
      BACKEND.unpatchifyPixels(x, patch, out);
      float[] in = x.toFloats();
      float[] result = out.toFloats();
      int width = 5 * patch;
      int height = 3 * patch;
      for (int i = 0; i < result.length; i++) {
        int channel = i % channels;
        int column = i / channels % width;
        int row = i / channels / width % height;
        int frame = i / channels / width / height;
        int pixel = (frame * 3 + row / patch) * 5 + column / patch;
        int place = (channel * patch + column % patch) * patch + row % patch;
        assertThat(result[i]).isEqualTo(in[pixel * channels * patch * patch + place]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4,4,1,0", "8,4,2,0", "8,4,2,1", "8,8,2,1"})
  void repeatsChannelsIntoFramesRowsAndColumns(
      int inputs, int outputs, int frameFactor, int droppedFrames) {
    int frames = 3 * frameFactor - droppedFrames;
    try (Tensor x = random.normal(3, 2, 4, inputs);
        Tensor out = random.normal(frames, 4, 8, outputs)) {
      float[] in = x.toFloats();
      float[] start = out.toFloats();
      BACKEND.duplicateUpsampleAdd(x, frameFactor, droppedFrames, out);
      int repeats = 4 * frameFactor * outputs / inputs;
      double[] expected = new double[start.length];
      for (int i = 0; i < start.length; i++) {
        int channel = i % outputs;
        int column = i / outputs % 8;
        int row = i / outputs / 8 % 4;
        int frame = i / outputs / 32 + droppedFrames;
        int repeated =
            ((channel * frameFactor + frame % frameFactor) * 2 + row % 2) * 2 + column % 2;
        int pixel = (frame / frameFactor * 2 + row / 2) * 4 + column / 2;
        expected[i] = start[i] + (double) in[pixel * inputs + repeated / repeats];
      }
      Expected.assertClose(out, expected, 1e-6);
    }
  }
}
