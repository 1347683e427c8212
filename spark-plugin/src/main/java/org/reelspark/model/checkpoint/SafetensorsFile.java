package org.reelspark.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.Memory;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** One mapped safetensors file whose header has been checked. */
final class SafetensorsFile {
  private final Path path;
  private final MappedFile mapping;
  private final Map<String, TensorEntry> entries;

  private SafetensorsFile(Path path, MappedFile mapping, Map<String, TensorEntry> entries) {
    this.path = path;
    this.mapping = mapping;
    this.entries = entries;
  }

  static SafetensorsFile open(Path path) {
    return open(path, MappedFile.MAX_RANGE);
  }

  /**
   * @param maxRange largest tensor that is not copied
   */
  static SafetensorsFile open(Path path, long maxRange) {
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    for (TensorEntry entry : readHeader(path)) {
      entries.put(entry.name(), entry);
    }
    return new SafetensorsFile(path, MappedFile.open(path, maxRange), entries);
  }

  Path path() {
    return path;
  }

  /** Entries by name, in the order of their data. */
  Map<String, TensorEntry> entries() {
    return entries;
  }

  /** The whole tensor: a view of the file, or a copy when it is larger than a mapped range. */
  Tensor read(TensorEntry entry) {
    if (entry.byteSize() <= mapping.maxRange()) {
      return Tensor.owning(
          entry.dtype(), entry.shape(), mapping.range(entry.offset(), entry.byteSize()));
    }
    Tensor copy = Tensor.allocateHost(entry.dtype(), entry.shape());
    for (long done = 0; done < entry.byteSize(); ) {
      int length = (int) Math.min(mapping.maxRange(), entry.byteSize() - done);
      Memory part = mapping.range(entry.offset() + done, length);
      HostMemory.view(copy.address() + done, length).put(HostMemory.view(part.address(), length));
      done += length;
    }
    return copy;
  }

  /** Rows {@code from} (inclusive) to {@code to} (exclusive) of the first dimension, as a view. */
  Tensor readRows(TensorEntry entry, long from, long to) {
    long[] sizes = entry.shape().toArray();
    if (from < 0 || to < from || to > sizes[0]) {
      throw new IndexOutOfBoundsException("rows %d..%d of %s".formatted(from, to, entry.shape()));
    }
    long rowBytes = sizes[0] == 0 ? 0 : entry.byteSize() / sizes[0];
    sizes[0] = to - from;
    return Tensor.owning(
        entry.dtype(),
        Shape.of(sizes),
        mapping.range(entry.offset() + from * rowBytes, sizes[0] * rowBytes));
  }

  private static Iterable<TensorEntry> readHeader(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long fileSize = channel.size();
      if (fileSize < SafetensorsHeader.LENGTH_BYTES) {
        throw CheckpointErrors.invalid(
            path,
            "is %d bytes long; a safetensors file has at least %d: fetch it again"
                .formatted(fileSize, SafetensorsHeader.LENGTH_BYTES));
      }
      ByteBuffer length = read(path, channel, 0, SafetensorsHeader.LENGTH_BYTES);
      int headerLength = SafetensorsHeader.checkedLength(path, fileSize, length.getLong());
      byte[] json = read(path, channel, SafetensorsHeader.LENGTH_BYTES, headerLength).array();
      return SafetensorsHeader.parse(path, fileSize, json);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(path, e);
    }
  }

  private static ByteBuffer read(Path path, FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw CheckpointErrors.invalid(path, "became shorter while it was read");
      }
    }
    return bytes.flip();
  }
}
