package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Tensor;

/** Changes the float type of tensors: {@code convert.cu} and {@code widen.cu}. */
final class CudaConversion {
  private final KernelLauncher launcher;

  CudaConversion(KernelLauncher launcher) {
    this.launcher = launcher;
  }

  /** Enqueues writing the values of one tensor to another of the same element count. */
  void convert(Tensor from, Tensor to) {
    Checks.floats(from, to);
    Checks.size("elements", from.elementCount(), to.elementCount());
    long count = from.elementCount();
    if (count == 0) {
      return;
    }
    if (from.dtype() == to.dtype()) {
      launcher.stream().device().makeCurrent();
      launcher.stream().copyOnDevice(from.address(), to.address(), from.byteSize());
      return;
    }
    KernelArguments arguments =
        launcher.arguments().add(from.address()).add(to.address()).add(count);
    if (from.dtype() == DType.BF16 && to.dtype() == DType.F32) {
      Checks.aligned(16, from, to);
      launcher.launchOctets("widen_bf16", count, arguments);
    } else {
      launcher.forEachOctet(EntryName.of("convert", from.dtype(), to.dtype()), count, arguments);
    }
  }
}
