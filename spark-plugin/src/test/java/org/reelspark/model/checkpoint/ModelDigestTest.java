package org.reelspark.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.reelspark.model.checkpoint.SafetensorsFiles.shapes;
import static org.reelspark.model.checkpoint.SafetensorsFiles.writeFloats;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.tensor.Shape;

class ModelDigestTest {
  @TempDir Path model;
  @TempDir Path cache;

  @BeforeEach
  void writeModel() throws IOException {
    write("model_index.json", "{}");
    write("vae/config.json", "{\"z_dim\": 16}");
    writeFloats(model.resolve("vae/diffusion_pytorch_model.safetensors"), shapes("a", Shape.of(2)));
  }

  @Test
  void isTheHashOfNamesSizesAndHashes() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String name :
        List.of("model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.safetensors")) {
      byte[] content = Files.readAllBytes(model.resolve(name));
      lines.append("%s %d %s\n".formatted(name, content.length, hash(content)));
    }
    lines.append("max_sequence_length 24\n");

    assertThat(digest()).isEqualTo(hash(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attention_profile.json",
        "generation_defaults.json",
        "README.md",
        ".gitattributes",
        ".cache/lock.json",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "vae/pytorch_model.bin",
        "assets/picture.png"
      })
  void ignoresWhatIsNotLoaded(String name) throws IOException {
    String before = digest();
    write(name, "x");
    assertThat(digest()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_index.json",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json"
      })
  void changesWithWhatIsLoaded(String name) throws IOException {
    String before = digest();
    write(name, "{\"changed\": true}");
    assertThat(digest()).isNotEqualTo(before);
  }

  @Test
  void changesWithTheLengthOfPrompts() {
    ModelDigest digest = new ModelDigest(new DigestCache(cache, 1L << 40));

    assertThat(digest.of(model, 512)).isNotEqualTo(digest.of(model, 24));
  }

  @Test
  void coversEveryShard() throws IOException {
    Files.delete(model.resolve("vae/diffusion_pytorch_model.safetensors"));
    write(
        "vae/diffusion_pytorch_model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"x-1.safetensors\", \"b\": \"x-2.safetensors\"}}");
    write("vae/x-1.safetensors", "1");
    write("vae/x-2.safetensors", "2");
    String before = digest();
    write("vae/x-2.safetensors", "3");
    assertThat(digest()).isNotEqualTo(before);
  }

  @Test
  void remembersDigestsOfLargeFilesByPathSizeAndTime() throws IOException {
    DigestCache all = new DigestCache(cache, 0);
    Path file = model.resolve("model_index.json");
    assertThat(all.get(file, f -> "a".repeat(64))).isEqualTo("a".repeat(64));
    assertThat(all.get(file, f -> "b".repeat(64))).isEqualTo("a".repeat(64));

    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThat(all.get(file, f -> "c".repeat(64))).isEqualTo("c".repeat(64));

    DigestCache large = new DigestCache(cache, Files.size(file) + 1);
    assertThat(large.get(file, f -> "d".repeat(64))).isEqualTo("d".repeat(64));
  }

  @Test
  void recomputesWhereTheCacheIsDamagedOrUnusable() throws IOException {
    Path file = model.resolve("model_index.json");
    DigestCache all = new DigestCache(cache, 0);
    all.get(file, f -> "a".repeat(64));
    try (Stream<Path> entries = Files.list(cache)) {
      Files.writeString(entries.findFirst().orElseThrow(), "damaged");
    }
    assertThat(all.get(file, f -> "b".repeat(64))).isEqualTo("b".repeat(64));

    DigestCache unusable = new DigestCache(file.resolve("below-a-file"), 0);
    assertThat(unusable.get(file, f -> "c".repeat(64))).isEqualTo("c".repeat(64));
  }

  private String digest() {
    return new ModelDigest(new DigestCache(cache, 1L << 40)).of(model, 24);
  }

  private void write(String name, String content) throws IOException {
    Path file = model.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static String hash(byte[] content) {
    return HexFormat.of().formatHex(ModelDigest.sha256().digest(content));
  }
}
