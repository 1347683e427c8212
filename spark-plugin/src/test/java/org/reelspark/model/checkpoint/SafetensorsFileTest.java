package org.reelspark.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.reelspark.model.checkpoint.SafetensorsFiles.padded;
import static org.reelspark.model.checkpoint.SafetensorsFiles.shapes;
import static org.reelspark.model.checkpoint.SafetensorsFiles.write;
import static org.reelspark.model.checkpoint.SafetensorsFiles.writeFloats;
import static org.reelspark.model.checkpoint.SafetensorsFiles.writeRaw;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
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

class SafetensorsFileTest {
  @TempDir Path directory;

  @Test
  void readsEveryTypeAndShape() {
    Path file =
        write(
            directory.resolve("a.safetensors"),
            padded(
                """
                {"__metadata__":{"format":"pt"},
                 "half":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
                 "scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
                 "brain":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]},
                 "empty":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}"""),
            new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});

    SafetensorsFile safetensors = SafetensorsFile.open(file);

    assertThat(safetensors.entries().keySet())
        .containsExactlyInAnyOrder("scalar", "empty", "brain", "half");
    assertTensor(safetensors, "scalar", DType.F32, Shape.of(), 1, 2, 3, 4);
    assertTensor(safetensors, "empty", DType.F32, Shape.of(0, 3));
    assertTensor(safetensors, "brain", DType.BF16, Shape.of(1, 2), 5, 6, 7, 8);
    assertTensor(safetensors, "half", DType.F16, Shape.of(2), 9, 10, 11, 12);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 12, 64, 100, 4096})
  void readsTheSameAcrossWindowsOfAnySize(long maxRange) {
    Path file =
        writeFloats(
            directory.resolve("a.safetensors"),
            shapes("a", Shape.of(3), "b", Shape.of(5, 7), "c", Shape.of(1), "d", Shape.of(2, 2)));

    SafetensorsFile safetensors = SafetensorsFile.open(file, maxRange);

    int next = 0;
    for (TensorEntry entry : safetensors.entries().values()) {
      try (Tensor tensor = safetensors.read(entry)) {
        for (float value : tensor.toFloats()) {
          assertThat(value).isEqualTo(next++);
        }
      }
    }
    assertThat(next).isEqualTo(3 + 35 + 1 + 4);
  }

  @Test
  void readsRowsFarBeyondFourGigabytes() throws IOException {
    long rows = 5L << 20;
    String header =
        padded(
            "{\"table\":{\"dtype\":\"F32\",\"shape\":[%d,256],\"data_offsets\":[0,%d]}}"
                .formatted(rows, rows * 1024));
    Path file = write(directory.resolve("sparse.safetensors"), header, new byte[0]);
    long row = rows - 2;
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      long dataStart = sparse.length();
      sparse.setLength(dataStart + rows * 1024);
      sparse.seek(dataStart + row * 1024);
      sparse.write(new byte[] {0, 0, (byte) 0x80, 0x3f});
    }

    SafetensorsFile safetensors = SafetensorsFile.open(file);
    Tensor read = safetensors.readRows(safetensors.entries().get("table"), row - 1, row + 2);

    assertThat(read.shape()).isEqualTo(Shape.of(3, 256));
    float[] expected = new float[3 * 256];
    expected[256] = 1;
    assertThat(read.toFloats()).isEqualTo(expected);
  }

  static Stream<Arguments> hostileHeaders() {
    return Stream.of(
        argumentSet("no object", "[1]", "header is [; expected an object"),
        argumentSet("empty", " ", "header is empty; expected an object"),
        argumentSet("cut off", "{\"a\":{\"dtype\":", "header is not valid JSON"),
        argumentSet("two values", "{}{}", "more than one JSON value"),
        argumentSet("binary", "\u0000\u0001\u0002\u0003", "header is not valid JSON"),
        argumentSet(
            "duplicate name",
            "{\"a\":%s,\"a\":%s}".formatted(f32("[1]", "[0,4]"), f32("[1]", "[4,8]")),
            "Duplicate field 'a'"),
        argumentSet(
            "duplicate key",
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            "Duplicate field 'dtype'"),
        argumentSet(
            "deep nesting",
            "{\"a\":{\"data_offsets\":" + "[".repeat(5000),
            "data_offsets of tensor 'a' has ["),
        argumentSet(
            "deep metadata", "{\"__metadata__\":" + "{\"a\":".repeat(5000), "nesting depth"),
        argumentSet("entry no object", "{\"a\":7}", "tensor 'a' is 7; expected an object"),
        argumentSet("unknown key", "{\"a\":{\"data\":1}}", "tensor 'a' has the key 'data'"),
        argumentSet(
            "no offsets",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
            "tensor 'a' lacks one of dtype, shape and data_offsets"),
        argumentSet("dtype no string", entry("1", "[2]", "[0,8]"), "dtype of tensor 'a' is 1"),
        argumentSet(
            "unknown dtype",
            entry("\"F8_E4M3\"", "[8]", "[0,8]"),
            "tensor 'a' has dtype F8_E4M3; expected one of F32, F16, BF16"),
        argumentSet(
            "double precision", entry("\"F64\"", "[1]", "[0,8]"), "tensor 'a' has dtype F64"),
        argumentSet("shape no list", entry("\"F32\"", "2", "[0,8]"), "shape of tensor 'a' is 2"),
        argumentSet(
            "negative size", entry("\"F32\"", "[-2]", "[0,8]"), "shape of tensor 'a' has -2"),
        argumentSet(
            "fractional size", entry("\"F32\"", "[2.0]", "[0,8]"), "shape of tensor 'a' has 2.0"),
        argumentSet(
            "huge size",
            entry("\"F32\"", "[18446744073709551618]", "[0,8]"),
            "shape of tensor 'a' has 18446744073709551618"),
        argumentSet(
            "element count overflows",
            entry("\"F32\"", "[4294967296,4294967296]", "[0,8]"),
            "shape of tensor 'a' is too large: [4294967296, 4294967296]"),
        argumentSet(
            "byte count overflows",
            entry("\"F32\"", "[4611686018427387904]", "[0,8]"),
            "tensor 'a' is F32[4611686018427387904], of 4 bytes each, but"),
        argumentSet(
            "negative offset",
            entry("\"F32\"", "[2]", "[-8,0]"),
            "data_offsets of tensor 'a' has -8"),
        argumentSet(
            "one offset", entry("\"F32\"", "[2]", "[8]"), "data_offsets of tensor 'a' are [8]"),
        argumentSet(
            "swapped offsets",
            entry("\"F32\"", "[2]", "[8,0]"),
            "data_offsets of tensor 'a' are [8, 0]"),
        argumentSet(
            "offset past the end",
            entry("\"F32\"", "[3]", "[0,12]"),
            "data_offsets of tensor 'a' are [0, 12] but the file holds 8 bytes of data: it is truncated"),
        argumentSet(
            "largest offset",
            entry("\"F32\"", "[2]", "[0,9223372036854775807]"),
            "data_offsets of tensor 'a' are [0, 9223372036854775807]"),
        argumentSet(
            "shape and offsets differ",
            entry("\"F32\"", "[1]", "[0,8]"),
            "tensor 'a' is F32[1], of 4 bytes each, but its data_offsets [0, 8] hold 8 bytes"),
        argumentSet(
            "part of an element",
            entry("\"F32\"", "[1]", "[0,5]"),
            "tensor 'a' is F32[1], of 4 bytes each, but its data_offsets [0, 5] hold 5 bytes"),
        argumentSet(
            "too many dimensions",
            entry("\"F32\"", "[" + "1,".repeat(1_000_000) + "2]", "[0,8]"),
            "shape of tensor 'a' has more than 8 integers"),
        argumentSet(
            "misaligned",
            "{\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},\"a\":%s}"
                .formatted(f32("[1]", "[2,6]")),
            "tensor 'a' starts at byte"),
        argumentSet(
            "overlap",
            "{\"a\":%s,\"b\":%s}".formatted(f32("[2]", "[0,8]"), f32("[1]", "[4,8]")),
            "the data overlap"),
        argumentSet(
            "the same bytes twice",
            "{\"a\":%s,\"b\":%s}".formatted(f32("[2]", "[0,8]"), f32("[2]", "[0,8]")),
            "the data overlap"),
        argumentSet("hole at the start", entry("\"F32\"", "[1]", "[4,8]"), "the data have a hole"),
        argumentSet(
            "tail", entry("\"F32\"", "[1]", "[0,4]"), "bytes long: 4 bytes belong to no tensor"),
        argumentSet("nothing covers the data", "{}", "8 bytes belong to no tensor"));
  }

  @ParameterizedTest
  @MethodSource("hostileHeaders")
  void rejectsHostileHeader(String header, String problem) {
    Path file = write(directory.resolve("bad.safetensors"), padded(header), new byte[8]);

    assertInvalid(file, problem);
  }

  static Stream<Arguments> hostileLengths() {
    return Stream.of(
        argumentSet("zero", 0L, "header length is 0 bytes"),
        argumentSet("longer than the file", 100L, "but only 16 follow: the file is truncated"),
        argumentSet("above the format's limit", 100_000_001L, "header length is 100000001 bytes"),
        argumentSet("2^63", Long.MIN_VALUE, "header length is 9223372036854775808 bytes"),
        argumentSet("2^64 - 1", -1L, "header length is 18446744073709551615 bytes"),
        argumentSet("2^32 + 2, which is 2 as an int", (1L << 32) + 2, "header length is 42949672"));
  }

  @ParameterizedTest
  @MethodSource("hostileLengths")
  void rejectsHostileHeaderLength(long length, String problem) {
    byte[] header = "{}      ".getBytes(StandardCharsets.UTF_8);
    Path file = writeRaw(directory.resolve("bad.safetensors"), length, header, new byte[8]);

    assertInvalid(file, problem);
  }

  @Test
  void rejectsEveryTruncation() throws IOException {
    Path whole =
        writeFloats(
            directory.resolve("whole.safetensors"), shapes("a", Shape.of(3), "b", Shape.of(2, 2)));
    byte[] bytes = Files.readAllBytes(whole);

    for (int length = 0; length < bytes.length; length++) {
      Path file = directory.resolve("cut.safetensors");
      Files.write(file, Arrays.copyOf(bytes, length));
      assertInvalid(file, "");
    }
  }

  @Test
  void rejectsMissingFileAndDirectory() {
    assertInvalid(directory.resolve("absent.safetensors"), "cannot be read");
    assertInvalid(directory, "");
  }

  /** Whatever the bytes, a file is either sound or refused in our own words. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void survivesRandomDamage(long seed) throws IOException {
    Path whole =
        writeFloats(
            directory.resolve("whole.safetensors"), shapes("a", Shape.of(3), "b", Shape.of(2, 2)));
    byte[] bytes = Files.readAllBytes(whole);
    Random random = new Random(seed);
    Path file = directory.resolve("damaged.safetensors");

    for (int attempt = 0; attempt < 1000; attempt++) {
      byte[] damaged = bytes.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, damaged);
      try {
        SafetensorsFile safetensors = SafetensorsFile.open(file);
        for (TensorEntry entry : safetensors.entries().values()) {
          safetensors.read(entry).close();
        }
      } catch (ReelsparkException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID);
        assertThat(e).hasMessageStartingWith(file + ": ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void readsBackRandomTables(long seed) throws IOException {
    Random random = new Random(seed);
    List<Object> namesAndShapes = new ArrayList<>();
    for (int i = random.nextInt(40); i >= 0; i--) {
      namesAndShapes.add("tensor." + i);
      namesAndShapes.add(Shape.of(random.longs(random.nextInt(4), 0, 5).toArray()));
    }
    Map<String, Shape> shapes = shapes(namesAndShapes.toArray());
    Path file = writeFloats(directory.resolve("random.safetensors"), shapes);

    SafetensorsFile safetensors = SafetensorsFile.open(file);

    assertThat(safetensors.entries().keySet()).isEqualTo(shapes.keySet());
    float next = 0;
    for (Map.Entry<String, Shape> expected : shapes.entrySet()) {
      Tensor tensor = safetensors.read(safetensors.entries().get(expected.getKey()));
      assertThat(tensor.shape()).isEqualTo(expected.getValue());
      for (float value : tensor.toFloats()) {
        assertThat(value).isEqualTo(next++);
      }
    }
  }

  private static void assertTensor(
      SafetensorsFile file, String name, DType dtype, Shape shape, int... bytes) {
    Tensor tensor = file.read(file.entries().get(name));
    assertThat(tensor.dtype()).isEqualTo(dtype);
    assertThat(tensor.shape()).isEqualTo(shape);
    ByteBuffer content = tensor.buffer();
    byte[] found = new byte[content.remaining()];
    content.get(found);
    assertThat(found).containsExactly(bytes);
  }

  private static void assertInvalid(Path file, String problem) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOfSatisfying(
            ReelsparkException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(problem);
  }

  private static String f32(String shape, String offsets) {
    return "{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}".formatted(shape, offsets);
  }

  private static String entry(String dtype, String shape, String offsets) {
    return "{\"a\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}"
        .formatted(dtype, shape, offsets);
  }
}
