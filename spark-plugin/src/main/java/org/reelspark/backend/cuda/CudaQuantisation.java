package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Matrices in 8 bits: {@code quantise_rows.cu}. */
final class CudaQuantisation {
  private final KernelLauncher launcher;
  private final CudaMemory memory;

  CudaQuantisation(KernelLauncher launcher, CudaMemory memory) {
    this.launcher = launcher;
    this.memory = memory;
  }

  /** Enqueues the conversion of a matrix to e4m3; the caller closes the result. */
  ScaledRows quantise(Tensor x) {
    Checks.floats(x);
    ScaledRows rows = allocate(x);
    try {
      launcher.forEachRow(
          EntryName.of("quantise_rows", x.dtype()),
          x.rows(),
          launcher
              .arguments()
              .add(x.address())
              .add(x.columns())
              .add(rows.values().address())
              .add(x.columns())
              .add(rows.scales().address())
              .add(x.rows())
              .add(Math.toIntExact(x.columns())));
      return rows;
    } catch (RuntimeException | Error e) {
      rows.close();
      throw e;
    }
  }

  private ScaledRows allocate(Tensor x) {
    Tensor values = memory.allocate(DType.F8_E4M3, x.shape());
    try {
      return new ScaledRows(values, memory.allocate(DType.F32, Shape.of(x.rows())));
    } catch (RuntimeException | Error e) {
      values.close();
      throw e;
    }
  }
}
