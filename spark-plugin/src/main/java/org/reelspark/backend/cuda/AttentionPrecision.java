package org.reelspark.backend.cuda;

/** In what type attention multiplies. */
public enum AttentionPrecision {
  /** 8-bit queries and keys, and values where the chip has a type for them: the fastest. */
  EIGHT_BIT,

  /** The 16-bit type of the tensors, bf16 for 32-bit ones: for models whose values do not fit 8. */
  SIXTEEN_BIT;

  /**
   * Fewer keys than this are attended to in 16 bits: packing them in 8 would cost what it saves.
   */
  private static final int LONG_SEQUENCE = 2048;

  /** The precision of a call over so many keys where this one is wanted. */
  public AttentionPrecision forKeys(long keyTokens) {
    return keyTokens >= LONG_SEQUENCE ? this : SIXTEEN_BIT;
  }
}
