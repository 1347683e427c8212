package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.tensor.DType;

/** The launches before attention: operands packed, key blocks selected, rows ordered. */
final class Preparation {
  private final KernelLibrary kernels;

  Preparation(KernelLibrary kernels) {
    this.kernels = kernels;
  }

  /** What is launched: operands alone serve dense attention. */
  enum Extent {
    OPERANDS,
    OPERANDS_AND_SELECTION
  }

  /** Enqueues the launches. */
  void enqueue(
      CudaStream stream,
      DType type,
      OperandFormat format,
      PreparationSize size,
      Extent extent,
      PreparationArguments arguments) {
    ByteBuffer structure = arguments.pack();
    stream.clear(arguments.scratch(), size.scratch().cleared());
    Kernel prepare = kernels.kernel(prepareEntry(type, format, size.kernelDimension()));
    long blocks = Math.min(size.prepareTiles(), prepare.residentBlocks());
    prepare.launch(stream, Kernel.Grid.of(blocks), structure);
    switch (extent) {
      case OPERANDS -> {}
      case OPERANDS_AND_SELECTION -> {
        kernels
            .kernel("select_blocks_d" + size.kernelDimension())
            .launch(stream, Kernel.Grid.of(size.selectGrid()), size.selectSharedBytes(), structure);
        long groups = size.orderGrid(arguments.sizes().headsPerGroup());
        kernels.kernel("order_rows").launch(stream, Kernel.Grid.of(groups), structure);
      }
    }
  }

  static String prepareEntry(DType type, OperandFormat format, int kernelDimension) {
    return EntryName.of("prepare", type, format.entryPart()) + "_d" + kernelDimension;
  }
}
