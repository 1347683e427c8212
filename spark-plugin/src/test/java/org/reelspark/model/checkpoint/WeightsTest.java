package org.reelspark.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.reelspark.model.checkpoint.SafetensorsFiles.shapes;
import static org.reelspark.model.checkpoint.SafetensorsFiles.writeFloats;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

class WeightsTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.bf16.safetensors",
        "diffusion_pytorch_model.fp16.safetensors",
        "diffusion_pytorch_model.fp32.safetensors",
        "model.safetensors",
        "model.bf16.safetensors"
      })
  void opensSingleFile(String name) {
    writeFloats(directory.resolve(name), shapes("a", Shape.of(2)));

    Weights weights = Weights.open(directory);

    assertThat(weights.names()).containsExactly("a");
    assertThat(weights.dtype("a")).isEqualTo(DType.F32);
    assertThat(weights.summary()).isEqualTo("2 parameters in 1 tensors of [F32]");
    assertThat(read(weights, "a", 2)).containsExactly(0, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_pytorch_model.safetensors.index.json",
        "diffusion_pytorch_model.safetensors.index.bf16.json",
        "model.safetensors.index.json",
        "model.safetensors.index.fp16.json"
      })
  void opensShards(String index) {
    writeFloats(directory.resolve("x.bf16-00001-of-00002.safetensors"), shapes("a", Shape.of(1)));
    writeFloats(
        directory.resolve("x.bf16-00002-of-00002.safetensors"),
        shapes("b", Shape.of(2), "unlisted", Shape.of(1)));
    write(
        index,
        """
        {"metadata": {"total_size": 12},
         "weight_map": {"b": "x.bf16-00002-of-00002.safetensors",
                        "a": "x.bf16-00001-of-00002.safetensors"}}""");

    Weights weights = Weights.open(directory);

    assertThat(weights.names()).containsExactlyInAnyOrder("a", "b");
    assertThat(read(weights, "a", 1)).containsExactly(0);
    assertThat(read(weights, "b", 2)).containsExactly(0, 1);
  }

  static Stream<Arguments> preferences() {
    return Stream.of(
        argumentSet(
            "full precision",
            List.of("model.fp16.safetensors", "model.bf16.safetensors", "model.safetensors"),
            "model.safetensors"),
        argumentSet(
            "bf16 over fp16",
            List.of("model.fp16.safetensors", "model.bf16.safetensors"),
            "model.bf16.safetensors"),
        argumentSet(
            "known over unknown variants",
            List.of("model.ema.safetensors", "model.fp16.safetensors"),
            "model.fp16.safetensors"),
        argumentSet(
            "a single file over its shards",
            List.of("model.safetensors.index.json", "model.safetensors"),
            "model.safetensors"),
        argumentSet(
            "shards over another variant",
            List.of("model.safetensors.index.json", "model.bf16.safetensors"),
            "model.safetensors.index.json"),
        argumentSet(
            "weights alone",
            List.of("model-00001-of-00002.safetensors", "adapter.safetensors", "model.safetensors"),
            "model.safetensors"));
  }

  @ParameterizedTest
  @MethodSource("preferences")
  void prefersAmongFiles(List<String> present, String chosen) {
    present.forEach(name -> write(name, "{}"));

    assertThat(WeightFiles.find(directory)).hasValue(directory.resolve(chosen));
  }

  @Test
  void followsLinksAsDownloadCachesHaveThem() throws IOException {
    Path cache = Files.createDirectory(directory.resolve("blobs"));
    Path blob = writeFloats(cache.resolve("0123abcd"), shapes("a", Shape.of(1)));
    Path component = Files.createDirectory(directory.resolve("vae"));
    Files.createSymbolicLink(
        component.resolve("diffusion_pytorch_model.safetensors"), component.relativize(blob));

    assertThat(Weights.open(component).names()).containsExactly("a");
  }

  @Test
  void namesWhatItLooksForWhenThereAreNoWeights() {
    write("pytorch_model.bin", "");

    assertThatThrownBy(() -> Weights.open(directory))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
        .hasMessageContainingAll(
            directory.toString(), "diffusion_pytorch_model.safetensors", "pickled .bin");
  }

  static Stream<Arguments> hostileIndexes() {
    return Stream.of(
        argumentSet("empty file", "", "not valid JSON|holds no JSON object"),
        argumentSet("no map", "{}", "key 'weight_map' is missing"),
        argumentSet("map of another type", "{\"weight_map\": [1]}", "key 'weight_map' is \\[1\\]"),
        argumentSet(
            "file of another type", "{\"weight_map\": {\"a\": 7}}", "has 7 for 'a'; expected"),
        argumentSet("empty map", "{\"weight_map\": {}}", "key 'weight_map' is empty"),
        argumentSet(
            "duplicate tensor",
            "{\"weight_map\": {\"a\": \"x.safetensors\", \"a\": \"x.safetensors\"}}",
            "Duplicate field 'a'"),
        argumentSet(
            "parent directory", shardOf("../x.safetensors"), "names the shard '../x.safetensors'"),
        argumentSet(
            "absolute path", shardOf("/etc/x.safetensors"), "names the shard '/etc/x.safetensors'"),
        argumentSet(
            "foreign separator", shardOf("..\\\\x.safetensors"), "names the shard '\\.\\.\\\\x"),
        argumentSet("another kind of file", shardOf("x.bin"), "names the shard 'x.bin'"),
        argumentSet("zero byte", shardOf("x\\u0000.safetensors"), "names the shard"),
        argumentSet(
            "missing shard",
            shardOf("y.safetensors"),
            "names the shard 'y.safetensors', which is missing"),
        argumentSet(
            "shard without the tensor",
            "{\"weight_map\": {\"b\": \"x.safetensors\"}}",
            "lacks tensor 'b', which model.safetensors.index.json places there"));
  }

  @ParameterizedTest
  @MethodSource("hostileIndexes")
  void rejectsHostileIndex(String index, String problem) {
    writeFloats(directory.resolve("x.safetensors"), shapes("a", Shape.of(1)));
    write("model.safetensors.index.json", index);

    assertInvalid(() -> Weights.open(directory)).hasMessageFindingMatch(problem);
  }

  @Test
  void rejectsShapeOtherThanTheModels() {
    Path file = writeFloats(directory.resolve("model.safetensors"), shapes("a", Shape.of(2, 3)));
    Weights weights = Weights.open(directory);

    assertInvalid(() -> weights.load("a", 3, 2))
        .hasMessage(file + ": tensor 'a' is F32[2, 3]; expected the shape [3, 2] by config.json");
    assertInvalid(() -> weights.requireShape("a", 6)).hasMessageContaining("[6]");
    assertInvalid(() -> weights.requireShape("a", -6)).hasMessageContaining("[-6]");
  }

  @Test
  void namesMissingTensorAndCandidates() {
    Weights weights = manyTensors();
    weights.load("t0", 1).close();

    assertInvalid(() -> weights.load("missing", 1))
        .hasMessageContaining(directory.toString())
        .hasMessageEndingWith(
            "lacks tensor 'missing'; of its 7 tensors 6 are not used so far, such as t1, t2, t3, t4, t5, ...");
  }

  @Test
  void namesUnexpectedTensors() {
    Weights weights = manyTensors();
    weights.load("t0", 1).close();
    weights.requireShape("t1", 1);

    weights.rejectUnused("t");
    weights.rejectUnused("t2", "t3", "t4", "t5", "t6");
    assertInvalid(() -> weights.rejectUnused("t3", "t4"))
        .hasMessageContaining("has 3 tensors that this model does not have: t2, t5, t6;");
  }

  @Test
  void readsRowsOfATable() {
    writeFloats(directory.resolve("model.safetensors"), shapes("table", Shape.of(4, 2)));
    Weights weights = Weights.open(directory);

    assertThat(weights.rows("table", 1, 3).toFloats()).containsExactly(2, 3, 4, 5);
    assertThat(weights.rows("table", 4, 4).toFloats()).isEmpty();
    assertThatThrownBy(() -> weights.rows("table", 3, 5))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private Weights manyTensors() {
    Shape one = Shape.of(1);
    writeFloats(
        directory.resolve("model.safetensors"),
        shapes("t0", one, "t1", one, "t2", one, "t3", one, "t4", one, "t5", one, "t6", one));
    return Weights.open(directory);
  }

  private static float[] read(Weights weights, String name, long... sizes) {
    try (Tensor tensor = weights.load(name, sizes)) {
      return tensor.toFloats();
    }
  }

  private static String shardOf(String file) {
    return "{\"weight_map\": {\"a\": \"%s\"}}".formatted(file);
  }

  private void write(String name, String content) {
    try {
      Files.writeString(directory.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AbstractThrowableAssert<?, ?> assertInvalid(ThrowingCallable action) {
    return assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID));
  }
}
