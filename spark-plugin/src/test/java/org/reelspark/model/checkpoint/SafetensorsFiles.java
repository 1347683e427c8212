package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.reelspark.tensor.Shape;

/** Writes safetensors files for tests, sound or broken on purpose. */
final class SafetensorsFiles {
  private SafetensorsFiles() {}

  /** A file with the given header text, its true length before it, and data. */
  static Path write(Path file, String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return writeRaw(file, json.length, json, data);
  }

  /** A file whose header length may be a lie. */
  static Path writeRaw(Path file, long headerLength, byte[] header, byte[] data) {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(headerLength).put(header).put(data);
    try {
      return Files.write(file, bytes.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A sound file of F32 tensors whose elements count up from 0 through the whole file. */
  static Path writeFloats(Path file, Map<String, Shape> tensors) {
    StringJoiner header = new StringJoiner(",", "{", "}");
    long offset = 0;
    for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
      long end = offset + 4 * tensor.getValue().elementCount();
      header.add(
          "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(tensor.getKey(), tensor.getValue(), offset, end));
      offset = end;
    }
    ByteBuffer data = ByteBuffer.allocate((int) offset).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < offset / 4; i++) {
      data.putFloat(i);
    }
    return write(file, padded(header.toString()), data.array());
  }

  /** Fills a header with spaces so that the data after it is aligned to 8 bytes. */
  static String padded(String header) {
    int length = header.getBytes(StandardCharsets.UTF_8).length;
    return header + " ".repeat((8 - length % 8) % 8);
  }

  static Map<String, Shape> shapes(Object... namesAndShapes) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (int i = 0; i < namesAndShapes.length; i += 2) {
      shapes.put((String) namesAndShapes[i], (Shape) namesAndShapes[i + 1]);
    }
    return shapes;
  }
}
