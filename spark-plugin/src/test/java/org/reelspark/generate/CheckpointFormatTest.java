package org.reelspark.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.model.DenoiseState;

class CheckpointFormatTest {
  private static final String KEY = "0123456789abcdef".repeat(4);
  private static final AttentionStatistics STATISTICS = new AttentionStatistics(5, 4, 0.1);
  private static final DenoiseState STATE =
      new DenoiseState(
          "cuda bf16 sixteen_bit",
          3,
          List.of(new float[] {1.5f, -0f, Float.MIN_VALUE}, new float[] {}, new float[] {7}),
          STATISTICS);

  private static byte[] encode(DenoiseState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FileContent content = CheckpointFormat.content(KEY, state);
    content.writeTo(bytes);
    assertThat(content.byteSize()).isEqualTo(bytes.size());
    return bytes.toByteArray();
  }

  private static Optional<DenoiseState> decode(byte[] bytes) throws IOException {
    return CheckpointFormat.decode(KEY, new ByteArrayInputStream(bytes));
  }

  private static void assertEqual(DenoiseState found, DenoiseState expected) {
    assertThat(found.arithmetic()).isEqualTo(expected.arithmetic());
    assertThat(found.stepsDone()).isEqualTo(expected.stepsDone());
    assertThat(found.statistics()).isEqualTo(expected.statistics());
    assertThat(found.tensors().toArray(float[][]::new))
        .isDeepEqualTo(expected.tensors().toArray(float[][]::new));
  }

  @Test
  void bytesHoldTheWholeState() throws IOException {
    byte[] bytes = encode(STATE);

    assertEqual(decode(bytes).orElseThrow(), STATE);
    assertThat(CheckpointFormat.stepsDone(KEY, new ByteArrayInputStream(bytes))).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {16383, 16384, 16385, 100_000})
  void tensorsMayBeLongerThanAChunk(int length) throws IOException {
    float[] tensor = new float[length];
    for (int index = 0; index < length; index++) {
      tensor[index] = 1f / index;
    }
    DenoiseState state = new DenoiseState("cpu", 1, List.of(tensor, tensor), STATISTICS);

    assertEqual(decode(encode(state)).orElseThrow(), state);
  }

  @Test
  void anyChangedMissingOrAddedByteIsNoticed() throws IOException {
    byte[] whole = encode(STATE);

    for (int index = 0; index < whole.length; index++) {
      byte[] changed = whole.clone();
      changed[index] ^= 4;
      assertThat(decode(changed)).as("byte %d changed", index).isEmpty();
      byte[] cut = Arrays.copyOf(whole, index);
      assertThat(decode(cut)).as("cut at %d", index).isEmpty();
    }
    assertThat(decode(Arrays.copyOf(whole, whole.length + 1))).isEmpty();
    assertThat(CheckpointFormat.decode(KEY.replace('0', '1'), new ByteArrayInputStream(whole)))
        .isEmpty();
  }
}
