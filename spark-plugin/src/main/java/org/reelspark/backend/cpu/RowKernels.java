package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;

/**
 * The inner loops of the operations over one tile: {@code rows} rows of {@code columns} floats. An
 * output may be one of the inputs.
 */
interface RowKernels {
  /** {@code out = x} in every row. */
  void repeat(FloatRows x, FloatRows out, int rows, int columns);

  /** {@code out = activation(x)}. */
  void activate(FloatRows x, Activation activation, FloatRows out, int rows, int columns);

  /** {@code out = a + b}. */
  void add(FloatRows a, FloatRows b, FloatRows out, int rows, int columns);

  /** {@code residual += gate * x}. */
  void gatedAdd(FloatRows x, FloatRows gate, FloatRows residual, int rows, int columns);

  /** {@code out = (x - mean) / sqrt(variance + epsilon) * (offset + factor) + addend}. */
  void layerNorm(
      FloatRows x,
      FloatRows factor,
      float offset,
      FloatRows addend,
      float epsilon,
      FloatRows out,
      int rows,
      int columns);

  /** {@code out = x / sqrt(mean(x^2) + epsilon) * weight}. */
  void rmsNorm(FloatRows x, FloatRows weight, float epsilon, FloatRows out, int rows, int columns);

  /** {@code out = activation(x / max(|x|, 1e-12) * sqrt(columns) * gamma)}. */
  void unitNorm(
      FloatRows x, FloatRows gamma, Activation activation, FloatRows out, int rows, int columns);

  /** Rotates interleaved pairs of every head in place; cos and sin have half a head's columns. */
  void rotate(FloatRows x, FloatRows cos, FloatRows sin, int rows, int columns, int headDimension);

  /** {@code out = sum_i coefficients[i] * inputs[i]}. */
  void combine(float[] coefficients, FloatRows[] inputs, FloatRows out, int rows, int columns);

  /** {@code out = a * b}. */
  void multiply(FloatRows a, FloatRows b, FloatRows out, int rows, int columns);

  /** {@code x = softmax(x + bias)} of every row. */
  void softmax(FloatRows x, FloatRows bias, int rows, int columns);

  boolean isFinite(FloatRows x, int rows, int columns);
}
