package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** The first GPU of this machine with a stream, memory and kernels. */
final class Gpu implements AutoCloseable {
  private final CudaDevice device;
  private final CudaStream stream;
  private final CudaMemory memory;
  private final KernelLibrary kernels;
  private final KernelLauncher launcher;
  private final DeviceArena arena;

  private Gpu(CudaDevice device) {
    this.device = device;
    stream = new CudaStream(device);
    kernels = new KernelLibrary(device, KernelTable.ofJar());
    launcher = new KernelLauncher(stream, kernels);
    arena = DeviceArena.reserve(device, device.memoryUsage().free() / 2);
    memory = new CudaMemory(stream, arena, new CudaConversion(launcher), ActivationType.F16);
  }

  static Gpu open() {
    return new Gpu(CudaDevice.open("0"));
  }

  CudaDevice device() {
    return device;
  }

  CudaStream stream() {
    return stream;
  }

  CudaMemory memory() {
    return memory;
  }

  DeviceArena arena() {
    return arena;
  }

  KernelLibrary kernels() {
    return kernels;
  }

  /** Copies a device tensor to host memory. */
  Tensor download(Tensor tensor) {
    Tensor host = Tensor.allocateHost(tensor.dtype(), tensor.shape());
    memory.copy(tensor, host);
    return host;
  }

  /** Values of a device tensor of floats. */
  float[] floats(Tensor tensor) {
    try (Tensor host = download(tensor)) {
      return host.toFloats();
    }
  }

  /** A device tensor of a float type; values are rounded to it. */
  Tensor upload(DType dtype, Shape shape, float... values) {
    try (Tensor host = Halves.tensor(dtype, shape, values)) {
      return memory.upload(host, dtype);
    }
  }

  @Override
  public void close() {
    memory.close();
    arena.close();
    launcher.close();
    kernels.close();
    stream.close();
    device.close();
  }
}
