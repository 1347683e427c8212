package org.reelspark.backend.cpu;

import java.nio.ByteBuffer;
import org.reelspark.backend.MemoryOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.HalfFloats;
import org.reelspark.tensor.HostMemory;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Allocation, conversion and copies. */
final class CpuMemory implements MemoryOperations {
  private static final long TILE_ELEMENTS = 64 * 1024;

  private final CpuRuntime runtime;

  CpuMemory(CpuRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public Tensor allocate(DType dtype, Shape shape) {
    return Tensor.allocateHost(dtype, shape);
  }

  @Override
  public DType activationType() {
    return DType.F32;
  }

  @Override
  public DType textType() {
    return DType.F32;
  }

  @Override
  public DType pixelType() {
    return DType.F32;
  }

  @Override
  public Tensor upload(Tensor host, DType dtype) {
    if (host.space() != MemorySpace.HOST || !host.dtype().isFloat()) {
      throw new IllegalArgumentException("expected floats in host memory, found " + host);
    }
    if (dtype != DType.F32) {
      throw new IllegalArgumentException("the processor computes in F32, not in " + dtype);
    }
    Tensor result = allocate(DType.F32, host.shape());
    runtime
        .pool()
        .forEachRange(
            host.elementCount(),
            TILE_ELEMENTS,
            (worker, from, to) -> convert(host, from, (int) (to - from), result));
    return result;
  }

  private static void convert(Tensor source, long from, int count, Tensor result) {
    long sourceAddress = source.address() + from * source.dtype().bytes();
    long resultAddress = result.address() + from * Float.BYTES;
    if (source.dtype() == DType.F32) {
      HostMemory.copy(sourceAddress, resultAddress, (long) count * Float.BYTES);
      return;
    }
    ByteBuffer halves = HostMemory.view(sourceAddress, count * Short.BYTES);
    ByteBuffer floats = HostMemory.view(resultAddress, count * Float.BYTES);
    boolean brain = source.dtype() == DType.BF16;
    for (int i = 0; i < count; i++) {
      short half = halves.getShort(i * Short.BYTES);
      float value = brain ? HalfFloats.ofBf16(half) : HalfFloats.ofF16(half);
      floats.putFloat(i * Float.BYTES, value);
    }
  }

  @Override
  public void copy(Tensor source, Tensor destination) {
    Checks.floats(source, destination);
    Checks.size("elements of the destination", source.elementCount(), destination.elementCount());
    runtime
        .pool()
        .forEachRange(
            source.byteSize(),
            TILE_ELEMENTS * Float.BYTES,
            (worker, from, to) ->
                HostMemory.copy(source.address() + from, destination.address() + from, to - from));
  }
}
