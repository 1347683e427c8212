package org.reelspark.backend.cuda;

import java.nio.ByteBuffer;
import org.reelspark.backend.AttentionLayout;
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
    int batch = tensor.shape().intSize(0);
    int dimension = tensor.shape().intSize(3);
    return switch (layout) {
      case TOKEN_MAJOR -> {
        int tokens = tensor.shape().intSize(1);
        int heads = tensor.shape().intSize(2);
        long tokenStride = (long) heads * dimension;
        yield new TokenView(
            tensor.dtype(),
            tensor.address(),
            batch,
            heads,
            tokens,
            dimension,
            tokens * tokenStride,
            dimension,
            tokenStride);
      }
      case HEAD_MAJOR -> {
        int heads = tensor.shape().intSize(1);
        int tokens = tensor.shape().intSize(2);
        long headStride = (long) tokens * dimension;
        yield new TokenView(
            tensor.dtype(),
            tensor.address(),
            batch,
            heads,
            tokens,
            dimension,
            heads * headStride,
            headStride,
            dimension);
      }
    };
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
