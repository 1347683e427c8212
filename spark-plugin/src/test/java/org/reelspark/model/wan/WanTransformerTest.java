package org.reelspark.model.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.Grid;
import org.reelspark.attention.TokenOrder;
import org.reelspark.backend.Backend;
import org.reelspark.backend.cpu.CpuBackend;
import org.reelspark.backend.cpu.CpuOptions;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.Floats;
import org.reelspark.model.Goldens;
import org.reelspark.model.checkpoint.JsonConfig;
import org.reelspark.model.checkpoint.Weights;
import org.reelspark.tensor.NothingStaysAllocated;
import org.reelspark.tensor.Tensor;

@ExtendWith(NothingStaysAllocated.class)
class WanTransformerTest {
  private static final double TOLERANCE = 2e-5;

  @TempDir Path directory;

  private final Backend backend = CpuBackend.create(new CpuOptions(2));

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"patch-1x2x2", "patch-1x1x1", "one-wide-head"})
  void predictsTheVelocityOfDiffusers(String name) {
    Goldens goldens = Goldens.open("wan/" + name + ".safetensors");

    float[] velocity = forward(name, TokenOrder.ROW_MAJOR, goldens.floats("timestep"));

    Floats.assertClose(velocity, goldens.floats("velocity"), TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"patch-1x2x2", "patch-1x1x1", "one-wide-head"})
  void takesATimestepForEachToken(String name) {
    Goldens goldens = Goldens.open("wan/" + name + ".safetensors");

    float[] velocity = forward(name, TokenOrder.ROW_MAJOR, goldens.floats("timesteps"));

    Floats.assertClose(velocity, goldens.floats("velocity.timesteps"), TOLERANCE);
  }

  @ParameterizedTest
  @EnumSource(TokenOrder.class)
  void tokenOrderChangesNoMoreThanRounding(TokenOrder order) {
    String name = "patch-1x2x2";
    Goldens goldens = Goldens.open("wan/" + name + ".safetensors");
    float[] rowMajor = goldens.floats("timesteps");
    int[] places = order.permutation(grid(name, goldens));
    float[] ordered = new float[rowMajor.length];
    for (int i = 0; i < places.length; i++) {
      ordered[i] = rowMajor[places[i]];
    }

    float[] velocity = forward(name, order, ordered);

    Floats.assertClose(velocity, goldens.floats("velocity.timesteps"), TOLERANCE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"in_channels\": 4        | \"in_channels\": 9      | in_channels        | out_channels (4)",
        "\"attention_head_dim\": 16| \"attention_head_dim\": 5| attention_head_dim | even",
        "\"freq_dim\": 32          | \"freq_dim\": 31        | freq_dim           | even",
        "\"num_layers\": 2         | \"num_layers\": 0       | num_layers         | positive",
        "rms_norm_across_heads     | layer_norm              | qk_norm            | rms_norm_across",
      })
  void refusesUnusableSizes(String text, String replacement, String key, String expected) {
    assertThatThrownBy(() -> WanTransformerConfig.read(edited(text, replacement)))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageContaining("config.json")
        .hasMessageContaining("'" + key + "'")
        .hasMessageContaining(expected);
  }

  @Test
  void refusesImageToVideoModels() {
    assertThatThrownBy(
            () -> WanTransformerConfig.read(edited("\"image_dim\": null", "\"image_dim\": 1280")))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_UNSUPPORTED))
        .hasMessageContaining("image_dim")
        .hasMessageContaining("text-to-video");
  }

  @Test
  void namesTheTensorThatDoesNotFitTheConfiguration() throws IOException {
    JsonConfig config = edited("\"ffn_dim\": 48", "\"ffn_dim\": 50");

    assertThatThrownBy(() -> WanTransformer.load(config, weights("patch-1x2x2"), backend))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageContaining("blocks.0.ffn.net.0.proj.weight")
        .hasMessageContaining("[48, 32]")
        .hasMessageContaining("[50, 32]");
  }

  @Test
  void refusesWeightsOfADeeperModel() throws IOException {
    JsonConfig config = edited("\"num_layers\": 2", "\"num_layers\": 1");

    assertThatThrownBy(() -> WanTransformer.load(config, weights("patch-1x2x2"), backend))
        .isInstanceOf(ReelsparkException.class)
        .hasMessageContaining("blocks.1.");
  }

  private float[] forward(String name, TokenOrder order, float... timesteps) {
    Goldens goldens = Goldens.open("wan/" + name + ".safetensors");
    Tensor latents = goldens.tensor("latents");
    try (WanTransformer transformer = WanTransformer.load(config(name), weights(name), backend);
        RunMemory memory = new RunMemory(backend);
        Tensor velocity = backend.allocate(latents.shape().toArray())) {
      WanTransformerConfig sizes = transformer.config();
      AttentionParameters dense = AttentionParameters.dense(sizes.heads(), sizes.attentionScale());
      TimeConditioning time = transformer.time(timesteps.length, memory);
      time.update(timesteps);
      transformer.forward(
          latents,
          time,
          transformer.text(goldens.tensor("text"), memory),
          transformer.workspace(grid(name, goldens), order, memory),
          (layer, inputs, out) -> backend.attention(inputs, dense, out),
          BlockCache.NONE,
          velocity);
      return velocity.toFloats();
    }
  }

  private static Grid grid(String name, Goldens goldens) {
    Patch patch = WanTransformerConfig.read(config(name)).patch();
    long[] sizes = goldens.tensor("latents").shape().toArray();
    return new Grid(
        (int) sizes[1] / patch.frames(),
        (int) sizes[2] / patch.height(),
        (int) sizes[3] / patch.width());
  }

  private static JsonConfig config(String name) {
    return JsonConfig.read(component(name).resolve("config.json"));
  }

  private static Weights weights(String name) {
    return Weights.open(component(name));
  }

  private static Path component(String name) {
    return Goldens.path("wan/" + name + "/transformer");
  }

  private JsonConfig edited(String text, String replacement) throws IOException {
    String json = Files.readString(component("patch-1x2x2").resolve("config.json"));
    assertThat(json).contains(text);
    Path file = directory.resolve("config.json");
    return JsonConfig.read(Files.writeString(file, json.replace(text, replacement)));
  }
}
