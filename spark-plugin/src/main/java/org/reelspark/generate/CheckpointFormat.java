package org.reelspark.generate;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UTFDataFormatException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.model.DenoiseState;

/**
 * The bytes of a checkpoint, big-endian: magic number, key, arithmetic, steps done, statistics,
 * lengths of the tensors; the CRC-32C of all that; the tensors' values; the CRC-32C of all that.
 * The first makes lengths fit to allocate by.
 */
final class CheckpointFormat {
  /** "RSK3"; another layout, or other tensors of a model, take another number. */
  private static final int MAGIC = 0x52534B33;

  private static final int CHUNK_BYTES = 64 * 1024;
  private static final int MOST_TENSORS = 255;

  private CheckpointFormat() {}

  /** All but values and checksums. */
  private record Header(
      String arithmetic, int stepsDone, AttentionStatistics statistics, List<Integer> lengths) {
    static Header of(DenoiseState state) {
      List<Integer> lengths = state.tensors().stream().map(tensor -> tensor.length).toList();
      if (lengths.size() > MOST_TENSORS) {
        throw new IllegalArgumentException(lengths.size() + " tensors in a checkpoint");
      }
      return new Header(state.arithmetic(), state.stepsDone(), state.statistics(), lengths);
    }

    byte[] bytes(String key) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        out.writeInt(MAGIC);
        out.writeUTF(key);
        out.writeUTF(arithmetic);
        out.writeInt(stepsDone);
        out.writeLong(statistics.admissible());
        out.writeLong(statistics.selected());
        out.writeDouble(statistics.pvSkipped());
        out.writeByte(lengths.size());
        for (int length : lengths) {
          out.writeInt(length);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }

    /** Nothing for another key's, or bytes that are no header. */
    static Optional<Header> read(String key, DataInputStream in, CheckedInputStream checked)
        throws IOException {
      if (in.readInt() != MAGIC || !in.readUTF().equals(key)) {
        return Optional.empty();
      }
      String arithmetic = in.readUTF();
      int stepsDone = in.readInt();
      AttentionStatistics statistics =
          new AttentionStatistics(in.readLong(), in.readLong(), in.readDouble());
      List<Integer> lengths = new ArrayList<>();
      int count = in.readUnsignedByte();
      for (int index = 0; index < count; index++) {
        lengths.add(in.readInt());
      }
      if (!endsInChecksum(in, checked)) {
        return Optional.empty();
      }
      return Optional.of(new Header(arithmetic, stepsDone, statistics, lengths));
    }
  }

  /** A checkpoint's bytes, of which a chunk at a time is made. */
  static FileContent content(String key, DenoiseState state) {
    byte[] header = Header.of(state).bytes(key);
    long floats = state.tensors().stream().mapToLong(tensor -> tensor.length).sum();
    long byteSize = header.length + floats * Float.BYTES + 2 * Long.BYTES;
    return new FileContent() {
      @Override
      public long byteSize() {
        return byteSize;
      }

      @Override
      public void writeTo(OutputStream target) throws IOException {
        CheckedOutputStream checked = new CheckedOutputStream(target, new CRC32C());
        DataOutputStream out = new DataOutputStream(checked);
        out.write(header);
        out.writeLong(checked.getChecksum().getValue());
        for (float[] tensor : state.tensors()) {
          write(tensor, out);
        }
        out.writeLong(checked.getChecksum().getValue());
      }
    };
  }

  private static void write(float[] tensor, OutputStream out) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    for (int from = 0; from < tensor.length; from += CHUNK_BYTES / Float.BYTES) {
      int count = Math.min(CHUNK_BYTES / Float.BYTES, tensor.length - from);
      chunk.asFloatBuffer().put(tensor, from, count);
      out.write(chunk.array(), 0, count * Float.BYTES);
    }
  }

  /** Steps done, of a checkpoint that begins as one of this key; else nothing. */
  static Optional<Integer> stepsDone(String key, InputStream source) throws IOException {
    CheckedInputStream checked = new CheckedInputStream(source, new CRC32C());
    try {
      return Header.read(key, new DataInputStream(checked), checked).map(Header::stepsDone);
    } catch (EOFException | UTFDataFormatException e) {
      return Optional.empty();
    }
  }

  /** Nothing for bytes that are not the whole checkpoint of this key. */
  static Optional<DenoiseState> decode(String key, InputStream source) throws IOException {
    CheckedInputStream checked = new CheckedInputStream(source, new CRC32C());
    DataInputStream in = new DataInputStream(checked);
    try {
      Optional<Header> header = Header.read(key, in, checked);
      if (header.isEmpty()) {
        return Optional.empty();
      }
      List<float[]> tensors = new ArrayList<>();
      for (int length : header.get().lengths()) {
        tensors.add(read(length, in));
      }
      if (!endsInChecksum(in, checked) || in.read() >= 0) {
        return Optional.empty();
      }
      return Optional.of(
          new DenoiseState(
              header.get().arithmetic(),
              header.get().stepsDone(),
              tensors,
              header.get().statistics()));
    } catch (EOFException | UTFDataFormatException e) {
      return Optional.empty();
    }
  }

  private static float[] read(int length, DataInputStream in) throws IOException {
    float[] tensor = new float[length];
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    for (int from = 0; from < length; from += CHUNK_BYTES / Float.BYTES) {
      int count = Math.min(CHUNK_BYTES / Float.BYTES, length - from);
      in.readFully(chunk.array(), 0, count * Float.BYTES);
      chunk.asFloatBuffer().get(tensor, from, count);
    }
    return tensor;
  }

  /** Whether what was read so far is followed by its checksum. */
  private static boolean endsInChecksum(DataInputStream in, CheckedInputStream checked)
      throws IOException {
    long found = checked.getChecksum().getValue();
    return in.readLong() == found;
  }
}
