package org.reelspark.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.TextEmbedding;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Shape;

/** With the shipped model. */
class TextEncoderTest {
  private static final int LENGTH = 24;
  private static final int WIDTH = 128;

  private static long unclosedBefore;
  private static Backend backend;
  private static TextEncoder encoder;

  @BeforeAll
  static void load() {
    unclosedBefore = HostMemory.unclosedBytes();
    backend = CpuBackend.create(CpuOptions.allProcessors());
    Checkpoint checkpoint = Checkpoint.open(Path.of("../jobs/sample-model"));
    encoder = TextEncoder.load(checkpoint, backend);
  }

  @AfterAll
  static void nothingStaysAllocated() {
    encoder.close();
    backend.close();
    assertThat(HostMemory.unclosedBytes()).isEqualTo(unclosedBefore);
  }

  @ParameterizedTest
  @CsvSource({"'',1", "a red square moves right,6", "'&nbsp;',1"})
  void zeroesTheRowsPastTheTokens(String prompt, int tokens) {
    try (TextEmbedding embedding = encoder.encode(prompt)) {
      assertThat(embedding.tokenCount()).isEqualTo(tokens);
      assertThat(embedding.states().shape()).isEqualTo(Shape.of(LENGTH, WIDTH));
      float[] states = embedding.states().toFloats();
      for (int row = 0; row < LENGTH; row++) {
        float sum = 0;
        for (int column = 0; column < WIDTH; column++) {
          sum += Math.abs(states[row * WIDTH + column]);
        }
        assertThat(sum > 0).as("row %d has a token", row).isEqualTo(row < tokens);
      }
    }
  }

  @Test
  void encodesWhatCleansAlikeAlike() {
    try (TextEmbedding plain = encoder.encode("a red square moves right");
        TextEmbedding messy = encoder.encode("\ta  red\nsquare&nbsp;moves right ")) {
      assertThat(messy.states().toFloats()).containsExactly(plain.states().toFloats());
    }
  }

  @Test
  void ignoresTokensPastTheModelsLength() {
    try (TextEmbedding embedding = encoder.encode("a red square ".repeat(100))) {
      assertThat(embedding.tokenCount()).isEqualTo(LENGTH);
    }
  }

  @Test
  void rejectsPromptsThatAreNoText() {
    assertThatThrownBy(() -> encoder.encode("x".repeat(100_000)))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PROMPT));
  }
}
