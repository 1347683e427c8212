package org.reelspark.jobs.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.reelspark.jobs.safetensors.SafetensorsHeader.Entry;
import org.reelspark.tensor.Tensor;

/** Writes tensors of host memory to one file. */
public final class TensorFile {
  private TensorFile() {}

  /**
   * Replaces a file.
   *
   * @param tensors in host memory; their data lie in the order of their names
   */
  public static void write(
      Path file, Map<String, String> metadata, SortedMap<String, Tensor> tensors)
      throws IOException {
    List<Entry> entries =
        tensors.entrySet().stream()
            .map(t -> new Entry(t.getKey(), t.getValue().dtype(), t.getValue().shape()))
            .toList();
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      writeAll(channel, SafetensorsHeader.of(metadata, entries));
      for (Tensor tensor : tensors.values()) {
        writeAll(channel, tensor.buffer());
      }
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
