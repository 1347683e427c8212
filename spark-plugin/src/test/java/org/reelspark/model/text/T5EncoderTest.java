package org.reelspark.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Tensor;

@ExtendWith(NothingStaysAllocated.class)
class T5EncoderTest {
  @TempDir Path directory;

  private Backend backend;

  @BeforeEach
  void openBackend() {
    backend = CpuBackend.create(CpuOptions.allProcessors());
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({"umt5,1", "umt5,7", "umt5,40", "umt5,150", "t5,1", "t5,7", "t5,40", "t5,150"})
  void givesTheStatesOfTransformers(String model, int length) {
    Path component = TextGoldens.directory().resolve(model);
    Weights goldens = Weights.ofFile(component.resolve("states.safetensors"));
    int[] ids = ids(goldens.load(length + ".ids", length).toFloats());
    try (T5Encoder encoder = load(component);
        Tensor states = backend.allocate(length, encoder.width())) {
      encoder.encode(ids, states);

      float[] expected = goldens.load(length + ".states", length, encoder.width()).toFloats();
      float[] found = states.toFloats();
      for (int i = 0; i < expected.length; i++) {
        assertThat(found[i]).isCloseTo(expected[i], within(2e-5f));
      }
    }
  }

  @Test
  void rejectsIdsThatTheTableDoesNotHave() {
    try (T5Encoder encoder = load(TextGoldens.directory().resolve("umt5"));
        Tensor states = backend.allocate(1, encoder.width())) {
      assertThatThrownBy(() -> encoder.encode(new int[] {72}, states))
          .isInstanceOfSatisfying(
              ReelsparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
          .hasMessageContaining("id 72, but the text encoder knows ids below 72");
    }
  }

  static Stream<Arguments> wrongConfigurations() {
    return Stream.of(
        argumentSet(
            "another encoder",
            "\"model_type\": \"umt5\"",
            "\"model_type\": \"bert\"",
            ErrorCode.MODEL_UNSUPPORTED,
            "model_type 'bert'; umt5 and t5 are supported"),
        argumentSet(
            "ReLU",
            "\"feed_forward_proj\": \"gated-gelu\"",
            "\"feed_forward_proj\": \"relu\"",
            ErrorCode.MODEL_UNSUPPORTED,
            "feed_forward_proj 'relu'; gated-gelu is supported"),
        argumentSet(
            "odd buckets",
            "\"relative_attention_num_buckets\": 32",
            "\"relative_attention_num_buckets\": 30",
            ErrorCode.CHECKPOINT_INVALID,
            "expected a multiple of 4"),
        argumentSet(
            "short distance",
            "\"relative_attention_max_distance\": 128",
            "\"relative_attention_max_distance\": 8",
            ErrorCode.CHECKPOINT_INVALID,
            "expected more than 8"),
        argumentSet(
            "wider than the weights",
            "\"d_model\": 24",
            "\"d_model\": 25",
            ErrorCode.CHECKPOINT_INVALID,
            "tensor 'shared.weight' is F32[72, 24]; expected the shape [72, 25]"),
        argumentSet(
            "more layers than the weights",
            "\"num_layers\": 2",
            "\"num_layers\": 3",
            ErrorCode.CHECKPOINT_INVALID,
            "lacks tensor 'encoder.block.2.layer.0.layer_norm.weight'"),
        argumentSet(
            "fewer layers than the weights",
            "\"num_layers\": 2",
            "\"num_layers\": 1",
            ErrorCode.CHECKPOINT_INVALID,
            "tensors that this model does not have: encoder.block.1.layer.0"));
  }

  @ParameterizedTest
  @MethodSource("wrongConfigurations")
  void rejectsWrongConfiguration(String found, String replacement, ErrorCode code, String problem)
      throws IOException {
    Path umt5 = TextGoldens.directory().resolve("umt5");
    String config = Files.readString(umt5.resolve("config.json"));
    assertThat(config).contains(found);
    Path wrong =
        Files.writeString(directory.resolve("config.json"), config.replace(found, replacement));

    assertThatThrownBy(() -> T5Encoder.load(JsonConfig.read(wrong), Weights.open(umt5), backend))
        .isInstanceOfSatisfying(ReelsparkException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(problem);
  }

  private T5Encoder load(Path component) {
    return T5Encoder.load(
        JsonConfig.read(component.resolve("config.json")), Weights.open(component), backend);
  }

  private static int[] ids(float[] floats) {
    return IntStream.range(0, floats.length).map(i -> (int) floats[i]).toArray();
  }
}
