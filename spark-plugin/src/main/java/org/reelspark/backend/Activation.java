package org.reelspark.backend;

/** Functions that follow a linear layer. */
public enum Activation {
  NONE,
  SILU,
  /** GELU with the tanh approximation. */
  GELU_TANH
}
