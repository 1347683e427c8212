package org.reelspark.backend.cuda;

/** In what type the large linear layers of a transformer multiply. */
public enum LinearPrecision {
  /** E4m3 with a scale for each row of tokens and of weights: faster, and half the memory. */
  EIGHT_BIT,

  /** The type of the activations. */
  SIXTEEN_BIT
}
