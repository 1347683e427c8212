package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jcuda.Pointer;
import org.reelspark.tensor.HostMemory;

/**
 * The arguments of one launch after the other, in memory that is used again: the driver copies them
 * in the call. Every argument begins at a multiple of 8 bytes.
 */
final class KernelArguments implements AutoCloseable {
  private static final int SLOT_BYTES = Long.BYTES;
  private static final int SLOTS = 64;

  private final HostMemory memory = HostMemory.allocate(SLOTS * SLOT_BYTES);
  private final ByteBuffer bytes = HostMemory.view(memory.address(), SLOTS * SLOT_BYTES);
  private final Pointer[] slots = new Pointer[SLOTS];
  private final Pointer[] starts = new Pointer[SLOTS];
  private int count;

  KernelArguments() {
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = DeviceAddress.of(memory.address() + (long) i * SLOT_BYTES);
    }
  }

  /** Forgets the last launch's. */
  KernelArguments start() {
    bytes.clear();
    count = 0;
    return this;
  }

  /** An address or a 64-bit number. */
  KernelArguments add(long value) {
    begin(Long.BYTES);
    bytes.putLong(value);
    return this;
  }

  KernelArguments add(int value) {
    begin(Integer.BYTES);
    bytes.putInt(value).putInt(0);
    return this;
  }

  KernelArguments add(float value) {
    begin(Float.BYTES);
    bytes.putFloat(value).putInt(0);
    return this;
  }

  /** A structure that the kernel takes by value. */
  KernelArguments add(ByteBuffer structure) {
    begin(structure.remaining());
    bytes.put(structure.duplicate().order(ByteOrder.LITTLE_ENDIAN));
    bytes.position((bytes.position() + SLOT_BYTES - 1) / SLOT_BYTES * SLOT_BYTES);
    return this;
  }

  private void begin(int byteSize) {
    if (byteSize > bytes.remaining()) {
      throw new IllegalStateException(
          "a launch has arguments of more than %d bytes".formatted(SLOTS * SLOT_BYTES));
    }
    starts[count++] = slots[bytes.position() / SLOT_BYTES];
  }

  /** What the driver wants. */
  Pointer pointers() {
    return Pointer.to(Arrays.copyOf(starts, count));
  }

  @Override
  public void close() {
    memory.close();
  }
}
