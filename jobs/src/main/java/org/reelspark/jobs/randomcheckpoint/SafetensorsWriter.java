package org.reelspark.jobs.randomcheckpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.reelspark.jobs.randomcheckpoint.Component.Shard;
import org.reelspark.jobs.randomcheckpoint.Values.Filler;
import org.reelspark.jobs.safetensors.SafetensorsHeader;
import org.reelspark.jobs.safetensors.SafetensorsHeader.Entry;
import org.reelspark.tensor.DType;

/**
 * Writes files of weights through one buffer of constant size, which all processors fill. A
 * tensor's values depend on the seed, its component and its name alone: neither other tensors nor
 * the split into files matter.
 */
final class SafetensorsWriter {
  private static final int SLICE_ELEMENTS = 1 << 16;
  private static final int SLICES = 64;

  private final long seed;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(SLICES * SLICE_ELEMENTS * Float.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN);

  SafetensorsWriter(long seed) {
    this.seed = seed;
  }

  void write(Path file, Component component, Shard shard) throws IOException {
    // Python's library writes tensors of one type by name.
    List<TensorSpec> tensors =
        shard.tensors().stream().sorted(Comparator.comparing(TensorSpec::name)).toList();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeAll(channel, header(component, tensors));
      for (TensorSpec tensor : tensors) {
        Filler filler = tensor.values().filler(component.type(), seed, stream(component, tensor));
        write(channel, filler, component.type(), tensor.shape().elementCount());
      }
    }
  }

  private static ByteBuffer header(Component component, List<TensorSpec> tensors) {
    return SafetensorsHeader.of(
        Map.of("format", "pt"),
        tensors.stream()
            .map(tensor -> new Entry(tensor.name(), component.type(), tensor.shape()))
            .toList());
  }

  private void write(FileChannel channel, Filler filler, DType type, long elements)
      throws IOException {
    long step = (long) SLICES * SLICE_ELEMENTS;
    for (long first = 0; first < elements; first += step) {
      int count = (int) Math.min(step, elements - first);
      fill(filler, type, first, count);
      writeAll(channel, buffer.clear().limit(count * type.bytes()));
    }
  }

  private void fill(Filler filler, DType type, long first, int count) {
    buffer.clear();
    IntStream.range(0, (count + SLICE_ELEMENTS - 1) / SLICE_ELEMENTS)
        .parallel()
        .forEach(
            slice -> {
              int start = slice * SLICE_ELEMENTS;
              int size = Math.min(SLICE_ELEMENTS, count - start);
              ByteBuffer part =
                  buffer
                      .slice(start * type.bytes(), size * type.bytes())
                      .order(ByteOrder.LITTLE_ENDIAN);
              filler.fill(part, first + start, size);
            });
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static long stream(Component component, TensorSpec tensor) {
    return checksum(component.name()) << Integer.SIZE | checksum(tensor.name());
  }

  private static long checksum(String name) {
    CRC32 checksum = new CRC32();
    checksum.update(name.getBytes(StandardCharsets.UTF_8));
    return checksum.getValue();
  }
}
