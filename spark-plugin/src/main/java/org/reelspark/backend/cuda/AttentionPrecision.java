package org.reelspark.backend.cuda;

/** In what type attention multiplies. */
public enum AttentionPrecision {
  /** 8-bit queries and keys, and values where the chip has a type for them: the fastest. */
  EIGHT_BIT,

  /** The 16-bit type of the tensors, bf16 for 32-bit ones: for models whose values do not fit 8. */
  SIXTEEN_BIT
}
