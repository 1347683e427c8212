package org.reelspark.backend.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vector loads and stores outside the heap, on every JDK from 17. Up to JDK 18 a vector is read
 * from a {@link ByteBuffer}, since then from a {@code MemorySegment}; the method that this JDK has
 * is bound once to a constant handle, which the compiler inlines like a direct call.
 *
 * <p>Load this class only when {@link VectorSupport#available}.
 */
final class VectorMemory {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Lanes of a vector. */
  static final int LANES = SPECIES.length();

  private static final int FIRST_WITH_SEGMENTS = 19;

  /** (ByteBuffer) -> Object */
  private static final MethodHandle REGION;

  /** (Object region, long byteOffset) -> FloatVector */
  private static final MethodHandle LOAD;

  /** (FloatVector, Object region, long byteOffset) -> void */
  private static final MethodHandle STORE;

  static {
    MethodHandles.Lookup lookup = MethodHandles.publicLookup();
    MethodHandle region;
    MethodHandle load;
    MethodHandle store;
    try {
      if (Runtime.version().feature() < FIRST_WITH_SEGMENTS) {
        region = MethodHandles.identity(ByteBuffer.class);
        load = load(lookup, "fromByteBuffer", ByteBuffer.class, int.class);
        store = store(lookup, "intoByteBuffer", ByteBuffer.class, int.class);
      } else {
        Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
        region =
            lookup.findStatic(segment, "ofBuffer", MethodType.methodType(segment, Buffer.class));
        load = load(lookup, "fromMemorySegment", segment, long.class);
        store = store(lookup, "intoMemorySegment", segment, long.class);
      }
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
    REGION = region.asType(MethodType.methodType(Object.class, ByteBuffer.class));
    LOAD =
        MethodHandles.explicitCastArguments(
            load, MethodType.methodType(FloatVector.class, Object.class, long.class));
    STORE =
        MethodHandles.explicitCastArguments(
            store, MethodType.methodType(void.class, FloatVector.class, Object.class, long.class));
  }

  private VectorMemory() {}

  private static MethodHandle load(
      MethodHandles.Lookup lookup, String name, Class<?> region, Class<?> offset)
      throws ReflectiveOperationException {
    MethodType type =
        MethodType.methodType(
            FloatVector.class, VectorSpecies.class, region, offset, ByteOrder.class);
    MethodHandle handle = lookup.findStatic(FloatVector.class, name, type);
    return MethodHandles.insertArguments(
        MethodHandles.insertArguments(handle, 3, ByteOrder.LITTLE_ENDIAN), 0, SPECIES);
  }

  private static MethodHandle store(
      MethodHandles.Lookup lookup, String name, Class<?> region, Class<?> offset)
      throws ReflectiveOperationException {
    MethodType type = MethodType.methodType(void.class, region, offset, ByteOrder.class);
    MethodHandle handle = lookup.findVirtual(FloatVector.class, name, type);
    return MethodHandles.insertArguments(handle, 3, ByteOrder.LITTLE_ENDIAN);
  }

  /** What {@link #load} and {@link #store} take for a direct buffer. */
  static Object region(ByteBuffer direct) {
    try {
      return (Object) REGION.invokeExact(direct);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static FloatVector load(FloatRows rows, int row, int column) {
    return load(rows.region(), rows.byteOffset(row, column));
  }

  static void store(FloatVector vector, FloatRows rows, int row, int column) {
    store(vector, rows.region(), rows.byteOffset(row, column));
  }

  static FloatVector load(Object region, long byteOffset) {
    try {
      return (FloatVector) LOAD.invokeExact(region, byteOffset);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static void store(FloatVector vector, Object region, long byteOffset) {
    try {
      STORE.invokeExact(vector, region, byteOffset);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static RuntimeException unexpected(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return t instanceof RuntimeException exception ? exception : new IllegalStateException(t);
  }
}
