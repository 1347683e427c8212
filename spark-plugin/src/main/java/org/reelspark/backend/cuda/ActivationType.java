package org.reelspark.backend.cuda;

import org.reelspark.tensor.DType;

/** In what type a transformer's activations and the weights of its linear layers are kept. */
public enum ActivationType {
  /** What models are published in: the range of 32 bits. */
  BF16(DType.BF16),

  /** Nearer to 32 bits than bf16, for values up to 65504. */
  F16(DType.F16);

  private final DType dtype;

  ActivationType(DType dtype) {
    this.dtype = dtype;
  }

  DType dtype() {
    return dtype;
  }
}
