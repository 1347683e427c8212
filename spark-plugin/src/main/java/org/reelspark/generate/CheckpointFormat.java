package org.reelspark.generate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.reelspark.attention.AttentionStatistics;
import org.reelspark.model.DenoiseState;

/**
 * The bytes of a checkpoint, big-endian: magic number, key, arithmetic, steps done, statistics,
 * tensors each with its length, and the CRC-32C of all that.
 */
final class CheckpointFormat {
  /** "RSK2"; another layout, or other tensors of a model, take another number. */
  private static final int MAGIC = 0x52534B32;

  private static final int KEY_BYTES = 64;
  private static final int HEADER_BYTES =
      2 * Integer.BYTES + KEY_BYTES + Integer.BYTES + 2 * Long.BYTES + Double.BYTES + Integer.BYTES;

  private CheckpointFormat() {}

  static byte[] encode(String key, DenoiseState state) {
    byte[] arithmetic = state.arithmetic().getBytes(StandardCharsets.UTF_8);
    long bytes = HEADER_BYTES + arithmetic.length + Long.BYTES;
    for (float[] tensor : state.tensors()) {
      bytes += Integer.BYTES + (long) tensor.length * Float.BYTES;
    }
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(bytes));
    buffer.putInt(MAGIC).put(key(key)).putInt(arithmetic.length).put(arithmetic);
    buffer.putInt(state.stepsDone());
    AttentionStatistics statistics = state.statistics();
    buffer.putLong(statistics.admissible()).putLong(statistics.selected());
    buffer.putDouble(statistics.pvSkipped());
    buffer.putInt(state.tensors().size());
    for (float[] tensor : state.tensors()) {
      buffer.putInt(tensor.length);
      buffer.asFloatBuffer().put(tensor);
      buffer.position(buffer.position() + tensor.length * Float.BYTES);
    }
    return buffer.putLong(checksum(buffer.array())).array();
  }

  /** Nothing for bytes that are not the whole checkpoint of this key. */
  static Optional<DenoiseState> decode(String key, byte[] bytes) {
    if (bytes.length < HEADER_BYTES + Long.BYTES) {
      return Optional.empty();
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (buffer.getLong(bytes.length - Long.BYTES) != checksum(bytes) || buffer.getInt() != MAGIC) {
      return Optional.empty();
    }
    byte[] found = new byte[KEY_BYTES];
    buffer.get(found);
    if (!Arrays.equals(found, key(key))) {
      return Optional.empty();
    }
    byte[] arithmetic = new byte[buffer.getInt()];
    buffer.get(arithmetic);
    int stepsDone = buffer.getInt();
    AttentionStatistics statistics =
        new AttentionStatistics(buffer.getLong(), buffer.getLong(), buffer.getDouble());
    int count = buffer.getInt();
    List<float[]> tensors = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      float[] tensor = new float[buffer.getInt()];
      buffer.asFloatBuffer().get(tensor);
      buffer.position(buffer.position() + tensor.length * Float.BYTES);
      tensors.add(tensor);
    }
    return Optional.of(
        new DenoiseState(
            new String(arithmetic, StandardCharsets.UTF_8), stepsDone, tensors, statistics));
  }

  private static byte[] key(String key) {
    return Arrays.copyOf(key.getBytes(StandardCharsets.US_ASCII), KEY_BYTES);
  }

  /** Of all bytes but the last eight. */
  private static long checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - Long.BYTES);
    return crc.getValue();
  }
}
