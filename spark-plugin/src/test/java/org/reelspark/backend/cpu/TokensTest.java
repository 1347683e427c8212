package org.reelspark.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Backend;
import org.reelspark.tensor.Tensor;

class TokensTest {
  private static final Backend BACKEND = CpuBackend.create(new CpuOptions(2));

  private final RandomTensors random = new RandomTensors(13);

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  @Test
  void gathersRowsOfTheFirstDimension() {
    try (Tensor table = random.normal(5, 2, 3);
        Tensor out = BACKEND.allocate(4, 6)) {
      int[] indices = {4, 0, 0, 2};
      BACKEND.gather(table, indices, out);
      for (int i = 0; i < indices.length; i++) {
        assertThat(out.slice(i, i + 1).toFloats())
            .isEqualTo(table.slice(indices[i], indices[i] + 1).toFloats());
      }
    }
  }

  @Test
  void refusesRowsThatTheTableLacks() {
    try (Tensor table = random.normal(5, 2);
        Tensor out = BACKEND.allocate(1, 2)) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> BACKEND.gather(table, new int[] {5}, out));
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> BACKEND.gather(table, new int[] {-1}, out));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,1,1,1,1", "3,4,6,8,1,2,2", "2,6,4,9,2,4,3", "16,5,7,11,1,1,1"})
  void patchifyOrdersColumnsByChannelFrameRowColumn(
      int channels, int frames, int height, int width, int pt, int ph, int pw) {
    int[] patch = {pt, ph, pw};
    int[] order = shuffled(frames / pt * (height / ph) * (width / pw));
    try (Tensor latents = random.normal(channels, frames, height, width);
        Tensor tokens = BACKEND.allocate(order.length, (long) channels * pt * ph * pw)) {
      BACKEND.patchify(latents, patch, order, tokens);
      float[] in = latents.toFloats();
      float[] out = tokens.toFloats();
      int at = 0;
      for (int token : order) {
        int f = token / (width / pw) / (height / ph) * pt;
        int h = token / (width / pw) % (height / ph) * ph;
        int w = token % (width / pw) * pw;
        for (int c = 0; c < channels; c++) {
          for (int i = 0; i < pt * ph * pw; i++) {
            int frame = f + i / pw / ph;
            int row = h + i / pw % ph;
            int column = w + i % pw;
            assertThat(out[at++])
                .isEqualTo(in[((c * frames + frame) * height + row) * width + column]);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3,4,6,8,1,2,2", "2,6,4,9,2,4,3"})
  void unpatchifyTakesColumnsWithChannelsFastest(
      int channels, int frames, int height, int width, int pt, int ph, int pw) {
    int[] patch = {pt, ph, pw};
    int volume = pt * ph * pw;
    int[] order = shuffled(frames / pt * (height / ph) * (width / pw));
    try (Tensor latents = random.normal(channels, frames, height, width);
        Tensor tokens = BACKEND.allocate(order.length, (long) channels * volume);
        Tensor transposed = BACKEND.allocate(order.length, (long) channels * volume);
        Tensor back = BACKEND.allocate(channels, frames, height, width)) {
      BACKEND.patchify(latents, patch, order, tokens);
      FloatBuffer source = tokens.buffer().asFloatBuffer();
      FloatBuffer target = transposed.buffer().asFloatBuffer();
      for (int i = 0; i < source.capacity(); i++) {
        int token = i / (channels * volume);
        int channel = i / volume % channels;
        int place = i % volume;
        target.put((token * volume + place) * channels + channel, source.get(i));
      }
      BACKEND.unpatchify(transposed, patch, order, back);
      assertThat(back.toFloats()).isEqualTo(latents.toFloats());
    }
  }

  @Test
  void refusesPatchesThatDoNotDivideTheLatents() {
    try (Tensor latents = random.normal(1, 2, 3, 4);
        Tensor tokens = BACKEND.allocate(6, 4)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BACKEND.patchify(latents, new int[] {1, 2, 2}, new int[6], tokens))
          .withMessage("patch size 2 does not divide dimension 2 of [1, 2, 3, 4]");
    }
  }

  @Test
  void denormalisesLatentsIntoChannelsLastVideo() {
    try (Tensor latents = random.normal(3, 2, 5, 7);
        Tensor video = BACKEND.allocate(2, 5, 7, 3)) {
      float[] std = {1, 2, 3};
      float[] mean = {-1, 0.5f, 4};
      BACKEND.latentsToVideo(latents, std, mean, video);
      float[] in = latents.toFloats();
      double[] expected = new double[in.length];
      for (int i = 0; i < in.length; i++) {
        expected[i] = (double) in[i % 3 * 70 + i / 3] * std[i % 3] + mean[i % 3];
      }
      Expected.assertClose(video, expected, 1e-6);
    }
  }

  private static int[] shuffled(int count) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    Collections.shuffle(order, new Random(count));
    return order.stream().mapToInt(Integer::intValue).toArray();
  }
}
