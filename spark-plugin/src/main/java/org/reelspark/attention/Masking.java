package org.reelspark.attention;

/** Which keys a query may see. */
public enum Masking {
  BIDIRECTIONAL,
  /** Query i of Lq sees keys 0..i + (Lk - Lq). */
  CAUSAL
}
