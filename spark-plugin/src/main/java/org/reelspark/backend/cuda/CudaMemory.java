package org.reelspark.backend.cuda;

import org.reelspark.backend.MemoryOperations;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Allocation and copies on one device. Weights keep the type that they are stored in. */
final class CudaMemory implements MemoryOperations, AutoCloseable {
  private final CudaStream stream;
  private final StagingBuffer staging;

  CudaMemory(CudaStream stream) {
    this.stream = stream;
    this.staging = new StagingBuffer(stream);
  }

  @Override
  public Tensor allocate(DType dtype, Shape shape) {
    long byteSize = Math.multiplyExact(shape.elementCount(), (long) dtype.bytes());
    return Tensor.owning(dtype, shape, DeviceMemory.allocate(stream.device(), byteSize));
  }

  @Override
  public Tensor upload(Tensor host) {
    if (host.space() != MemorySpace.HOST) {
      throw new IllegalArgumentException("expected a tensor in host memory, found " + host);
    }
    Tensor result = allocate(host.dtype(), host.shape());
    copy(host, result);
    return result;
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
