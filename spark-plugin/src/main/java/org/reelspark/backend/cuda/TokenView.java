package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.backend.AttentionLayout;
import org.reelspark.backend.HeadStrides;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.MemorySpace;
import org.reelspark.tensor.Tensor;

/**
 * A tensor as {@code [batch, head, token, dimension]}, whatever its layout; strides in elements.
 * Kernels have the same view: {@code TokenStrides} of {@code block_layout.h}.
 */
record TokenView(
    DType dtype,
    long address,
    int batch,
    int heads,
    int tokens,
    int dimension,
    long batchStride,
    long headStride,
    long tokenStride) {
  static TokenView of(Tensor tensor, AttentionLayout layout) {
    if (tensor.space() != MemorySpace.DEVICE || tensor.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "attention needs rank 4 in GPU memory, found " + tensor + " in " + tensor.space());
    }
    HeadStrides strides = HeadStrides.of(tensor.shape(), layout);
    return new TokenView(
        tensor.dtype(),
        tensor.address(),
        strides.batch(),
        strides.heads(),
        strides.tokens(),
        strides.dimension(),
        strides.batchStride(),
        strides.headStride(),
        strides.tokenStride());
  }

  /** Address of the first token of a head. */
  long head(int item, int head) {
    return address + (item * batchStride + head * headStride) * dtype.bytes();
  }

  /** The same strides over another tensor of the same shape. */
  TokenView at(DType otherType, long otherAddress) {
    return new TokenView(
        otherType,
        otherAddress,
        batch,
        heads,
        tokens,
        dimension,
        batchStride,
        headStride,
        tokenStride);
  }

  /** Appends the strides as a kernel's structure has them. */
  void putStrides(ByteBuffer structure) {
    structure.putLong(batchStride).putLong(headStride).putLong(tokenStride);
  }
}
