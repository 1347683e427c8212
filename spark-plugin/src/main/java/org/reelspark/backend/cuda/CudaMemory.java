package org.reelspark.backend.cuda;

import org.reelspark.backend.MemoryOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Allocation, conversion and copies on one device. */
final class CudaMemory implements MemoryOperations, AutoCloseable {
  private final CudaStream stream;
  private final DeviceArena arena;
  private final CudaConversion conversion;
  private final ActivationType activations;
  private final StagingBuffer staging;

  /**
   * @param arena whose memory is used on this stream alone
   */
  CudaMemory(
      CudaStream stream, DeviceArena arena, CudaConversion conversion, ActivationType activations) {
    this.stream = stream;
    this.arena = arena;
    this.conversion = conversion;
    this.activations = activations;
    this.staging = new StagingBuffer(stream);
  }

  @Override
  public DType activationType() {
    return activations.dtype();
  }

  @Override
  public DType textType() {
    return DType.BF16;
  }

  /** Pixels need more bits than bf16 has; decoders say when one leaves the range of f16. */
  @Override
  public DType pixelType() {
    return DType.F16;
  }

  @Override
  public Tensor allocate(DType dtype, Shape shape) {
    long byteSize = Math.multiplyExact(shape.elementCount(), (long) dtype.bytes());
    return Tensor.owning(dtype, shape, arena.allocate(byteSize));
  }

  /** Uninitialised memory for an operation, which closes it when all that uses it is enqueued. */
  Tensor scratch(long byteSize) {
    return allocate(DType.U8, Shape.of(byteSize));
  }

  /**
   * {@inheritDoc}
   *
   * <p>The GPU converts; the host only copies, a few MiB at a time.
   */
  @Override
  public Tensor upload(Tensor host, DType dtype) {
    if (host.space() != MemorySpace.HOST) {
      throw new IllegalArgumentException("expected a tensor in host memory, found " + host);
    }
    Tensor result = allocate(dtype, host.shape());
    try {
      if (host.dtype() == dtype) {
        copy(host, result);
      } else {
        uploadConverted(host, result);
      }
      return result;
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
  }

  private void uploadConverted(Tensor host, Tensor result) {
    try (Tensor stored = allocate(host.dtype(), host.shape())) {
      copy(host, stored);
      conversion.convert(stored, result);
    }
  }

  /** Writes the values of one tensor of this device to another of another float type. */
  void convert(Tensor from, Tensor to) {
    conversion.convert(from, to);
  }

  /** Copies between tensors of equal type and element count. */
  @Override
  public void copy(Tensor source, Tensor destination) {
    if (source.dtype() != destination.dtype()
        || source.elementCount() != destination.elementCount()) {
      throw new IllegalArgumentException("cannot copy %s to %s".formatted(source, destination));
    }
    if (source.byteSize() == 0) {
      return;
    }
    stream.device().makeCurrent();
    if (source.space() == MemorySpace.HOST) {
      fromHost(source, destination);
    } else {
      fromDevice(source, destination);
    }
  }

  private void fromHost(Tensor source, Tensor destination) {
    switch (destination.space()) {
      case HOST ->
          throw new IllegalArgumentException(
              "expected a tensor of this device, found %s and %s".formatted(source, destination));
      case DEVICE -> staging.toDevice(source.address(), destination.address(), source.byteSize());
    }
  }

  private void fromDevice(Tensor source, Tensor destination) {
    switch (destination.space()) {
      case HOST -> staging.toHost(source.address(), destination.address(), source.byteSize());
      case DEVICE ->
          stream.copyOnDevice(source.address(), destination.address(), source.byteSize());
    }
  }

  @Override
  public void close() {
    staging.close();
  }
}
