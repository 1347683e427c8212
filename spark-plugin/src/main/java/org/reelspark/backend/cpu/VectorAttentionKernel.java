package org.reelspark.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link AttentionKernel} on the Vector API. Products are computed in strips of four rows by four
 * vectors, whose sixteen accumulators stay in registers.
 */
final class VectorAttentionKernel implements AttentionKernel {
  private static final VectorSpecies<Float> SPECIES = species();
  private static final int LANES = SPECIES.length();

  /** AVX2 has sixteen registers, which hold two vectors a row; the other instruction sets more. */
  private static final boolean NARROW = SPECIES == FloatVector.SPECIES_256;

  /** The widest species of which four vectors fit a group. */
  private static VectorSpecies<Float> species() {
    VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
    return 4 * preferred.length() <= GROUP ? preferred : FloatVector.SPECIES_512;
  }

  @Override
  public void multiplyAdd(
      float[] a, int aOffset, int aStride, int rows, int depth, float[] b, float[] c) {
    if (NARROW) {
      for (int column = 0; column < GROUP; column += 2 * LANES) {
        multiplyAddTwoVectors(a, aOffset, aStride, rows, depth, b, c, column);
      }
    } else {
      for (int column = 0; column < GROUP; column += 4 * LANES) {
        multiplyAddFourVectors(a, aOffset, aStride, rows, depth, b, c, column);
      }
    }
  }

  /** The product's columns from {@code column}, four vectors wide. */
  private static void multiplyAddFourVectors(
      float[] a, int aOffset, int aStride, int rows, int depth, float[] b, float[] c, int column) {
    for (int row = 0; row < rows; row += ROW_STEP) {
      int a0 = aOffset + row * aStride;
      int a1 = a0 + aStride;
      int a2 = a1 + aStride;
      int a3 = a2 + aStride;
      int c0 = row * GROUP + column;
      int c1 = c0 + GROUP;
      int c2 = c1 + GROUP;
      int c3 = c2 + GROUP;
      FloatVector c00 = FloatVector.fromArray(SPECIES, c, c0);
      FloatVector c01 = FloatVector.fromArray(SPECIES, c, c0 + LANES);
      FloatVector c02 = FloatVector.fromArray(SPECIES, c, c0 + 2 * LANES);
      FloatVector c03 = FloatVector.fromArray(SPECIES, c, c0 + 3 * LANES);
      FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
      FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
      FloatVector c12 = FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES);
      FloatVector c13 = FloatVector.fromArray(SPECIES, c, c1 + 3 * LANES);
      FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
      FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
      FloatVector c22 = FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES);
      FloatVector c23 = FloatVector.fromArray(SPECIES, c, c2 + 3 * LANES);
      FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
      FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
      FloatVector c32 = FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES);
      FloatVector c33 = FloatVector.fromArray(SPECIES, c, c3 + 3 * LANES);
      for (int k = 0, b0 = column; k < depth; k++, b0 += GROUP) {
        FloatVector y0 = FloatVector.fromArray(SPECIES, b, b0);
        FloatVector y1 = FloatVector.fromArray(SPECIES, b, b0 + LANES);
        FloatVector y2 = FloatVector.fromArray(SPECIES, b, b0 + 2 * LANES);
        FloatVector y3 = FloatVector.fromArray(SPECIES, b, b0 + 3 * LANES);
        FloatVector x0 = FloatVector.broadcast(SPECIES, a[a0 + k]);
        c00 = x0.fma(y0, c00);
        c01 = x0.fma(y1, c01);
        c02 = x0.fma(y2, c02);
        c03 = x0.fma(y3, c03);
        FloatVector x1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
        c10 = x1.fma(y0, c10);
        c11 = x1.fma(y1, c11);
        c12 = x1.fma(y2, c12);
        c13 = x1.fma(y3, c13);
        FloatVector x2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
        c20 = x2.fma(y0, c20);
        c21 = x2.fma(y1, c21);
        c22 = x2.fma(y2, c22);
        c23 = x2.fma(y3, c23);
        FloatVector x3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
        c30 = x3.fma(y0, c30);
        c31 = x3.fma(y1, c31);
        c32 = x3.fma(y2, c32);
        c33 = x3.fma(y3, c33);
      }
      c00.intoArray(c, c0);
      c01.intoArray(c, c0 + LANES);
      c02.intoArray(c, c0 + 2 * LANES);
      c03.intoArray(c, c0 + 3 * LANES);
      c10.intoArray(c, c1);
      c11.intoArray(c, c1 + LANES);
      c12.intoArray(c, c1 + 2 * LANES);
      c13.intoArray(c, c1 + 3 * LANES);
      c20.intoArray(c, c2);
      c21.intoArray(c, c2 + LANES);
      c22.intoArray(c, c2 + 2 * LANES);
      c23.intoArray(c, c2 + 3 * LANES);
      c30.intoArray(c, c3);
      c31.intoArray(c, c3 + LANES);
      c32.intoArray(c, c3 + 2 * LANES);
      c33.intoArray(c, c3 + 3 * LANES);
    }
  }

  /** The product's columns from {@code column}, two vectors wide. */
  private static void multiplyAddTwoVectors(
      float[] a, int aOffset, int aStride, int rows, int depth, float[] b, float[] c, int column) {
    for (int row = 0; row < rows; row += ROW_STEP) {
      int a0 = aOffset + row * aStride;
      int a1 = a0 + aStride;
      int a2 = a1 + aStride;
      int a3 = a2 + aStride;
      int c0 = row * GROUP + column;
      int c1 = c0 + GROUP;
      int c2 = c1 + GROUP;
      int c3 = c2 + GROUP;
      FloatVector c00 = FloatVector.fromArray(SPECIES, c, c0);
      FloatVector c01 = FloatVector.fromArray(SPECIES, c, c0 + LANES);
      FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
      FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
      FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
      FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
      FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
      FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
      for (int k = 0, b0 = column; k < depth; k++, b0 += GROUP) {
        FloatVector y0 = FloatVector.fromArray(SPECIES, b, b0);
        FloatVector y1 = FloatVector.fromArray(SPECIES, b, b0 + LANES);
        FloatVector x0 = FloatVector.broadcast(SPECIES, a[a0 + k]);
        c00 = x0.fma(y0, c00);
        c01 = x0.fma(y1, c01);
        FloatVector x1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
        c10 = x1.fma(y0, c10);
        c11 = x1.fma(y1, c11);
        FloatVector x2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
        c20 = x2.fma(y0, c20);
        c21 = x2.fma(y1, c21);
        FloatVector x3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
        c30 = x3.fma(y0, c30);
        c31 = x3.fma(y1, c31);
      }
      c00.intoArray(c, c0);
      c01.intoArray(c, c0 + LANES);
      c10.intoArray(c, c1);
      c11.intoArray(c, c1 + LANES);
      c20.intoArray(c, c2);
      c21.intoArray(c, c2 + LANES);
      c30.intoArray(c, c3);
      c31.intoArray(c, c3 + LANES);
    }
  }

  @Override
  public void maxima(float[] scores, int keys, float[] maxima) {
    for (int lane = 0; lane < GROUP; lane += 4 * LANES) {
      FloatVector m0 = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      FloatVector m1 = m0;
      FloatVector m2 = m0;
      FloatVector m3 = m0;
      for (int at = lane; at < keys * GROUP; at += GROUP) {
        m0 = greater(m0, FloatVector.fromArray(SPECIES, scores, at));
        m1 = greater(m1, FloatVector.fromArray(SPECIES, scores, at + LANES));
        m2 = greater(m2, FloatVector.fromArray(SPECIES, scores, at + 2 * LANES));
        m3 = greater(m3, FloatVector.fromArray(SPECIES, scores, at + 3 * LANES));
      }
      m0.intoArray(maxima, lane);
      m1.intoArray(maxima, lane + LANES);
      m2.intoArray(maxima, lane + 2 * LANES);
      m3.intoArray(maxima, lane + 3 * LANES);
    }
  }

  /** The greater of two; a where b is NaN. {@link FloatVector#max} would be slower. */
  private static FloatVector greater(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  @Override
  public void weights(float[] scores, int keys, float[] shift, float[] sum) {
    for (int lane = 0; lane < GROUP; lane += LANES) {
      FloatVector shifts = FloatVector.fromArray(SPECIES, shift, lane);
      FloatVector sums = FloatVector.fromArray(SPECIES, sum, lane);
      for (int at = lane; at < keys * GROUP; at += GROUP) {
        FloatVector weight = exp2(FloatVector.fromArray(SPECIES, scores, at).sub(shifts));
        weight.intoArray(scores, at);
        sums = sums.add(weight);
      }
      sums.intoArray(sum, lane);
    }
  }

  private static FloatVector exp2(FloatVector x) {
    FloatVector low = FloatVector.broadcast(SPECIES, -127f);
    FloatVector clamped = x.blend(low, x.compare(VectorOperators.LT, low));
    // Adding this rounds to an integer and leaves it, plus the exponent's bias, in the low bits.
    float round = 12582912f + 127f;
    FloatVector shifted = clamped.add(round);
    FloatVector fraction = clamped.sub(shifted.sub(round));
    FloatVector p = FloatVector.broadcast(SPECIES, 0.0013264727f);
    p = p.fma(fraction, FloatVector.broadcast(SPECIES, 0.0096715130f));
    p = p.fma(fraction, FloatVector.broadcast(SPECIES, 0.0555073359f));
    p = p.fma(fraction, FloatVector.broadcast(SPECIES, 0.2402224243f));
    p = p.fma(fraction, FloatVector.broadcast(SPECIES, 0.6931470037f));
    p = p.fma(fraction, FloatVector.broadcast(SPECIES, 1f));
    IntVector bits = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.mul(bits.reinterpretAsFloats());
  }
}
