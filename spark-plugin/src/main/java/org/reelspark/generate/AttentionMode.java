package org.reelspark.generate;

/** How self-attention is computed. */
public enum AttentionMode {
  /** Every token attends to every token. */
  DENSE,
  /** Blocks are skipped as the model's attention profile says. */
  SPARSE
}
