package org.reelspark.jobs.safetensors;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;

/** The table of contents that a safetensors file begins with. */
public final class SafetensorsHeader {
  private static final int ALIGNMENT = 8;

  private SafetensorsHeader() {}

  /** A tensor whose data follow those of the entry before. */
  public record Entry(String name, DType type, Shape shape) {
    long bytes() {
      return shape.elementCount() * type.bytes();
    }
  }

  /** The bytes before the data of the first entry. */
  public static ByteBuffer of(Map<String, String> metadata, List<Entry> entries) {
    ObjectNode header = JsonNodeFactory.instance.objectNode();
    metadata.forEach(header.putObject("__metadata__")::put);
    long begin = 0;
    for (Entry entry : entries) {
      long end = begin + entry.bytes();
      ObjectNode tensor = header.putObject(entry.name()).put("dtype", entry.type().name());
      Arrays.stream(entry.shape().toArray()).forEach(tensor.putArray("shape")::add);
      tensor.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    int length = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] padded = Arrays.copyOf(json, length);
    Arrays.fill(padded, json.length, length, (byte) ' ');
    return ByteBuffer.allocate(Long.BYTES + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(padded)
        .flip();
  }
}
