package org.reelspark.jobs.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.attention.HeadSample;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HalfFloats;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class SampledAttentionTest {
  private static final int TOKENS = 3;
  private static final int HEADS = 4;
  private static final int DIMENSION = 2;

  @ParameterizedTest
  @CsvSource({
    "TOKEN_MAJOR, F32, 4", "TOKEN_MAJOR, BF16, 2", "TOKEN_MAJOR, F16, 1",
    "HEAD_MAJOR, F32, 1", "HEAD_MAJOR, BF16, 4", "HEAD_MAJOR, F16, 2"
  })
  void headsAreTakenFromEveryLayoutAndType(AttentionLayout layout, DType dtype, int keyHeads) {
    try (Backend backend = CpuBackend.create(new CpuOptions(1));
        Tensor query = tensor(layout, dtype, HEADS, 0);
        Tensor key = tensor(layout, dtype, keyHeads, 100);
        Tensor value = tensor(layout, dtype, keyHeads, -100);
        SampledAttention sampled =
            new SampledAttention(new AttentionInputs(query, key, value, layout), backend)) {
      assertThat(sampled.heads()).isEqualTo(HEADS);
      assertThat(sampled.tokens()).isEqualTo(TOKENS);
      for (int head = 0; head < HEADS; head++) {
        HeadSample sample = sampled.head(head);
        int keyHead = head * keyHeads / HEADS;
        assertThat(sample.query()).isEqualTo(rows(head, 0));
        assertThat(sample.key()).isEqualTo(rows(keyHead, 100));
        assertThat(sample.value()).isEqualTo(rows(keyHead, -100));
        assertThat(sample.scale()).isEqualTo((float) Math.sqrt(0.5));
      }
    }
  }

  @Test
  void tensorsOnTheHostAreNotCopied() {
    try (Backend backend = CpuBackend.create(new CpuOptions(1));
        Tensor tensor = tensor(AttentionLayout.HEAD_MAJOR, DType.F32, HEADS, 0)) {
      long before = HostMemory.unclosedBytes();
      SampledAttention sampled =
          new SampledAttention(
              new AttentionInputs(tensor, tensor, tensor, AttentionLayout.HEAD_MAJOR), backend);
      assertThat(HostMemory.unclosedBytes()).isEqualTo(before);
      sampled.close();
      assertThat(sampled.head(0).query()).isEqualTo(rows(0, 0));
    }
  }

  /** Values that all three types hold exactly. */
  private static float element(int head, int token, int i, int shift) {
    return shift + 8 * head + 2 * token + i;
  }

  private static float[] rows(int head, int shift) {
    float[] rows = new float[TOKENS * DIMENSION];
    for (int at = 0; at < rows.length; at++) {
      rows[at] = element(head, at / DIMENSION, at % DIMENSION, shift);
    }
    return rows;
  }

  private static Tensor tensor(AttentionLayout layout, DType dtype, int heads, int shift) {
    Tensor tensor =
        Tensor.allocateHost(
            dtype,
            switch (layout) {
              case TOKEN_MAJOR -> Shape.of(1, TOKENS, heads, DIMENSION);
              case HEAD_MAJOR -> Shape.of(1, heads, TOKENS, DIMENSION);
            });
    ByteBuffer bytes = tensor.buffer();
    for (int head = 0; head < heads; head++) {
      for (int token = 0; token < TOKENS; token++) {
        int row =
            switch (layout) {
              case TOKEN_MAJOR -> token * heads + head;
              case HEAD_MAJOR -> head * TOKENS + token;
            };
        for (int i = 0; i < DIMENSION; i++) {
          put(bytes, dtype, row * DIMENSION + i, element(head, token, i, shift));
        }
      }
    }
    return tensor;
  }

  private static void put(ByteBuffer bytes, DType dtype, int index, float value) {
    switch (dtype) {
      case F32 -> bytes.putFloat(4 * index, value);
      case F16 -> bytes.putShort(2 * index, HalfFloats.toF16(value));
      case BF16 -> bytes.putShort(2 * index, HalfFloats.toBf16(value));
      default -> throw new IllegalArgumentException(dtype.name());
    }
  }
}
