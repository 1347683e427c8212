package org.reelspark.tensor;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense row-major tensor over a region of {@link Memory}. A tensor made by {@link #owning} frees
 * its memory on {@link #close}; a view made by {@link #reshape} or {@link #slice} does not.
 */
public final class Tensor implements AutoCloseable {
  private final DType dtype;
  private final Shape shape;
  private final Memory memory;
  private final long byteOffset;
  private final Ownership ownership;

  private enum Ownership {
    OWNER,
    VIEW
  }

  private Tensor(DType dtype, Shape shape, Memory memory, long byteOffset, Ownership ownership) {
    long end =
        Math.addExact(byteOffset, Math.multiplyExact(shape.elementCount(), (long) dtype.bytes()));
    if (byteOffset < 0 || end > memory.byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s%s at byte %d does not fit %d bytes of memory"
              .formatted(dtype, shape, byteOffset, memory.byteSize()));
    }
    this.dtype = dtype;
    this.shape = shape;
    this.memory = memory;
    this.byteOffset = byteOffset;
    this.ownership = ownership;
  }

  /** A tensor over the whole of a memory block, which it frees when closed. */
  public static Tensor owning(DType dtype, Shape shape, Memory memory) {
    return new Tensor(dtype, shape, memory, 0, Ownership.OWNER);
  }

  /** A view of someone else's memory. */
  public static Tensor view(DType dtype, Shape shape, Memory memory, long byteOffset) {
    return new Tensor(dtype, shape, memory, byteOffset, Ownership.VIEW);
  }

  /** Uninitialised host tensor. */
  public static Tensor allocateHost(DType dtype, Shape shape) {
    return owning(
        dtype,
        shape,
        HostMemory.allocate(Math.multiplyExact(shape.elementCount(), (long) dtype.bytes())));
  }

  /** Host tensor of 32-bit floats with the given values. */
  public static Tensor ofFloats(Shape shape, float... values) {
    if (shape.elementCount() != values.length) {
      throw new IllegalArgumentException(values.length + " values for shape " + shape);
    }
    Tensor tensor = allocateHost(DType.F32, shape);
    tensor.buffer().asFloatBuffer().put(values);
    return tensor;
  }

  public DType dtype() {
    return dtype;
  }

  public Shape shape() {
    return shape;
  }

  public Memory memory() {
    return memory;
  }

  public MemorySpace space() {
    return memory.space();
  }

  /** Address of the first element. */
  public long address() {
    return memory.address() + byteOffset;
  }

  public long elementCount() {
    return shape.elementCount();
  }

  public long byteSize() {
    return shape.elementCount() * dtype.bytes();
  }

  /** Rows of the matrix whose columns are the last dimension. */
  public long rows() {
    return columns() == 0 ? 0 : elementCount() / columns();
  }

  /** Size of the last dimension. */
  public long columns() {
    return shape.size(-1);
  }

  /** The same elements under another shape; does not own the memory. */
  public Tensor reshape(long... sizes) {
    Shape other = Shape.of(sizes);
    if (other.elementCount() != elementCount()) {
      throw new IllegalArgumentException("cannot view " + shape + " as " + other);
    }
    return view(dtype, other, memory, byteOffset);
  }

  /** Rows {@code from} (inclusive) to {@code to} (exclusive) of the first dimension, as a view. */
  public Tensor slice(long from, long to) {
    long[] sizes = shape.toArray();
    if (from < 0 || to < from || to > sizes[0]) {
      throw new IndexOutOfBoundsException("rows %d..%d of %s".formatted(from, to, shape));
    }
    long stride = sizes[0] == 0 ? 0 : elementCount() / sizes[0];
    sizes[0] = to - from;
    return view(dtype, Shape.of(sizes), memory, byteOffset + from * stride * dtype.bytes());
  }

  /**
   * Little-endian view of a host tensor of at most 2 GiB; valid while the memory is open.
   *
   * @throws IllegalStateException for device memory
   */
  public ByteBuffer buffer() {
    if (space() != MemorySpace.HOST) {
      throw new IllegalStateException("not in host memory: " + this);
    }
    return HostMemory.view(address(), Math.toIntExact(byteSize()));
  }

  /**
   * Copies a host tensor of F32, F16 or BF16 into a new array.
   *
   * @throws IllegalStateException for other types
   */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(elementCount())];
    copyFloats(0, values, 0, values.length);
    return values;
  }

  /**
   * Copies {@code count} elements of a host tensor of F32, F16 or BF16, from element {@code from}
   * on in row-major order, into an array from {@code offset} on.
   *
   * @throws IllegalStateException for other types
   */
  public void copyFloats(long from, float[] values, int offset, int count) {
    Objects.checkFromIndexSize(from, count, elementCount());
    Objects.checkFromIndexSize(offset, count, values.length);
    Tensor elements = view(dtype, Shape.of(count), memory, byteOffset + from * dtype.bytes());
    ByteBuffer bytes = elements.buffer();
    switch (dtype) {
      case F32 -> bytes.asFloatBuffer().get(values, offset, count);
      case F16 -> {
        for (int i = 0; i < count; i++) {
          values[offset + i] = HalfFloats.ofF16(bytes.getShort(2 * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          values[offset + i] = HalfFloats.ofBf16(bytes.getShort(2 * i));
        }
      }
      case F8_E4M3, I32, U8 -> throw new IllegalStateException("no floats: " + this);
    }
    // The buffer does not keep the memory of a tensor that nobody else holds.
    Reference.reachabilityFence(memory);
  }

  @Override
  public void close() {
    if (ownership == Ownership.OWNER) {
      memory.close();
    }
  }

  @Override
  public String toString() {
    return dtype + Arrays.toString(shape.toArray());
  }
}
