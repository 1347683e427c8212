package org.reelspark.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.model.GenerationDefaults;

class CheckpointTest {
  private static final GenerationDefaults FAMILY = new GenerationDefaults(832, 480, 81, 50, 5, 16);

  private static final String INDEX =
      """
      {"_class_name": "WanPipeline", "transformer": ["diffusers", "WanTransformer3DModel"],
       "transformer_2": [null, null], "vae": null, "scheduler": ["diffusers"]}""";

  @TempDir Path directory;

  @Test
  void readsPipelineAndComponents() throws IOException {
    Checkpoint checkpoint = open(INDEX);
    Path transformer = Files.createDirectory(directory.resolve("transformer"));
    Files.writeString(transformer.resolve("config.json"), "{\"num_layers\": 2}");

    assertThat(checkpoint.pipelineClass()).isEqualTo("WanPipeline");
    assertThat(checkpoint.hasComponent("transformer")).isTrue();
    assertThat(checkpoint.hasComponent("transformer_2")).isFalse();
    assertThat(checkpoint.hasComponent("vae")).isFalse();
    assertThat(checkpoint.hasComponent("image_encoder")).isFalse();
    assertThat(checkpoint.componentClass("transformer")).isEqualTo("WanTransformer3DModel");
    assertThat(checkpoint.config("transformer").positiveInteger("num_layers")).isEqualTo(2);
    assertThatThrownBy(() -> checkpoint.componentClass("scheduler"))
        .hasMessageContaining("key 'scheduler' is [\"diffusers\"]; expected a pair");
  }

  @Test
  void takesGenerationDefaultsFromFileThenFamily() throws IOException {
    Checkpoint checkpoint = open(INDEX);
    assertThat(checkpoint.generationDefaults(FAMILY)).isEqualTo(FAMILY);
    assertThat(checkpoint.maxSequenceLength()).isEqualTo(512);

    Files.writeString(
        directory.resolve("generation_defaults.json"),
        "{\"height\": 128, \"num_frames\": 65, \"guidance_scale\": 3, \"max_sequence_length\": 24}");
    assertThat(checkpoint.generationDefaults(FAMILY))
        .isEqualTo(new GenerationDefaults(832, 128, 65, 50, 3, 16));
    assertThat(checkpoint.maxSequenceLength()).isEqualTo(24);
  }

  @Test
  void hashesBesideItsCaller() throws IOException {
    CompletableFuture<String> begun = open(INDEX).beginDigest();

    assertThat(begun)
        .succeedsWithin(Duration.ofSeconds(30))
        .isEqualTo(Checkpoint.open(directory).digest());
  }

  @Test
  void saysWhatKeepsItFromHashing() throws IOException {
    Checkpoint checkpoint = open(INDEX);
    Files.writeString(
        directory.resolve("generation_defaults.json"), "{\"max_sequence_length\": 0}");

    assertThatThrownBy(checkpoint::digest)
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageContaining("max_sequence_length");
  }

  @Test
  void rejectsMisspeltGenerationDefaults() throws IOException {
    Checkpoint checkpoint = open(INDEX);
    Files.writeString(directory.resolve("generation_defaults.json"), "{\"frames\": 65}");

    assertThatThrownBy(() -> checkpoint.generationDefaults(FAMILY))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageContaining(
            "generation_defaults.json: key 'frames' is unknown; expected one of fps, guidance_scale,");
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    Path absent = directory.resolve("absent");
    assertNotFound(() -> Checkpoint.open(absent), "model directory " + absent + " does not exist");
    Path file = Files.writeString(directory.resolve("model.safetensors"), "");
    assertNotFound(() -> Checkpoint.open(file), "model directory " + file + " is a file");
    assertNotFound(() -> Checkpoint.open(directory), directory + " has no model_index.json");

    Checkpoint checkpoint = open(INDEX);
    assertNotFound(() -> checkpoint.weights("vae"), directory + " has no vae directory");
    Path vae = Files.createDirectory(directory.resolve("vae"));
    assertNotFound(() -> checkpoint.config("vae"), vae.resolve("config.json") + " is missing");
  }

  private Checkpoint open(String index) throws IOException {
    Files.writeString(directory.resolve("model_index.json"), index);
    return Checkpoint.open(directory);
  }

  private static void assertNotFound(ThrowingCallable action, String problem) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
        .hasMessageStartingWith(problem);
  }
}
