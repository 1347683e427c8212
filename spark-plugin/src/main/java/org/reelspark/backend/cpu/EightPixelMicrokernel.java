package org.reelspark.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Eight pixels at a time: 24 sums, for processors with 32 vector registers. The sums are local
 * variables because only those stay in registers. Load this class only when {@link
 * VectorSupport#available}.
 */
final class EightPixelMicrokernel implements ConvolutionMicrokernel {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final int PIXELS = 8;

  @Override
  public int pixels() {
    return PIXELS;
  }

  @Override
  public int channels() {
    return LANES;
  }

  @Override
  public void accumulate(
      float[] x,
      int xOffset,
      int xStride,
      int length,
      float[] weights,
      int weightOffset,
      float[] sums,
      int sumOffsetA,
      int sumOffsetB,
      int sumOffsetC,
      int sumStride,
      int groups) {
    for (int group = 0; group < groups; group++) {
      int from = xOffset + group * PIXELS * xStride;
      int toA = sumOffsetA + group * PIXELS * sumStride;
      int toB = sumOffsetB + group * PIXELS * sumStride;
      int toC = sumOffsetC + group * PIXELS * sumStride;
      FloatVector sum0A = FloatVector.fromArray(SPECIES, sums, toA);
      FloatVector sum0B = FloatVector.fromArray(SPECIES, sums, toB);
      FloatVector sum0C = FloatVector.fromArray(SPECIES, sums, toC);
      FloatVector sum1A = FloatVector.fromArray(SPECIES, sums, toA + sumStride);
      FloatVector sum1B = FloatVector.fromArray(SPECIES, sums, toB + sumStride);
      FloatVector sum1C = FloatVector.fromArray(SPECIES, sums, toC + sumStride);
      FloatVector sum2A = FloatVector.fromArray(SPECIES, sums, toA + 2 * sumStride);
      FloatVector sum2B = FloatVector.fromArray(SPECIES, sums, toB + 2 * sumStride);
      FloatVector sum2C = FloatVector.fromArray(SPECIES, sums, toC + 2 * sumStride);
      FloatVector sum3A = FloatVector.fromArray(SPECIES, sums, toA + 3 * sumStride);
      FloatVector sum3B = FloatVector.fromArray(SPECIES, sums, toB + 3 * sumStride);
      FloatVector sum3C = FloatVector.fromArray(SPECIES, sums, toC + 3 * sumStride);
      FloatVector sum4A = FloatVector.fromArray(SPECIES, sums, toA + 4 * sumStride);
      FloatVector sum4B = FloatVector.fromArray(SPECIES, sums, toB + 4 * sumStride);
      FloatVector sum4C = FloatVector.fromArray(SPECIES, sums, toC + 4 * sumStride);
      FloatVector sum5A = FloatVector.fromArray(SPECIES, sums, toA + 5 * sumStride);
      FloatVector sum5B = FloatVector.fromArray(SPECIES, sums, toB + 5 * sumStride);
      FloatVector sum5C = FloatVector.fromArray(SPECIES, sums, toC + 5 * sumStride);
      FloatVector sum6A = FloatVector.fromArray(SPECIES, sums, toA + 6 * sumStride);
      FloatVector sum6B = FloatVector.fromArray(SPECIES, sums, toB + 6 * sumStride);
      FloatVector sum6C = FloatVector.fromArray(SPECIES, sums, toC + 6 * sumStride);
      FloatVector sum7A = FloatVector.fromArray(SPECIES, sums, toA + 7 * sumStride);
      FloatVector sum7B = FloatVector.fromArray(SPECIES, sums, toB + 7 * sumStride);
      FloatVector sum7C = FloatVector.fromArray(SPECIES, sums, toC + 7 * sumStride);
      for (int i = 0; i < length; i++) {
        int weight = weightOffset + i * 3 * LANES;
        FloatVector weightA = FloatVector.fromArray(SPECIES, weights, weight);
        FloatVector weightB = FloatVector.fromArray(SPECIES, weights, weight + LANES);
        FloatVector weightC = FloatVector.fromArray(SPECIES, weights, weight + 2 * LANES);
        FloatVector x0 = FloatVector.broadcast(SPECIES, x[from + i]);
        sum0A = x0.fma(weightA, sum0A);
        sum0B = x0.fma(weightB, sum0B);
        sum0C = x0.fma(weightC, sum0C);
        FloatVector x1 = FloatVector.broadcast(SPECIES, x[from + i + xStride]);
        sum1A = x1.fma(weightA, sum1A);
        sum1B = x1.fma(weightB, sum1B);
        sum1C = x1.fma(weightC, sum1C);
        FloatVector x2 = FloatVector.broadcast(SPECIES, x[from + i + 2 * xStride]);
        sum2A = x2.fma(weightA, sum2A);
        sum2B = x2.fma(weightB, sum2B);
        sum2C = x2.fma(weightC, sum2C);
        FloatVector x3 = FloatVector.broadcast(SPECIES, x[from + i + 3 * xStride]);
        sum3A = x3.fma(weightA, sum3A);
        sum3B = x3.fma(weightB, sum3B);
        sum3C = x3.fma(weightC, sum3C);
        FloatVector x4 = FloatVector.broadcast(SPECIES, x[from + i + 4 * xStride]);
        sum4A = x4.fma(weightA, sum4A);
        sum4B = x4.fma(weightB, sum4B);
        sum4C = x4.fma(weightC, sum4C);
        FloatVector x5 = FloatVector.broadcast(SPECIES, x[from + i + 5 * xStride]);
        sum5A = x5.fma(weightA, sum5A);
        sum5B = x5.fma(weightB, sum5B);
        sum5C = x5.fma(weightC, sum5C);
        FloatVector x6 = FloatVector.broadcast(SPECIES, x[from + i + 6 * xStride]);
        sum6A = x6.fma(weightA, sum6A);
        sum6B = x6.fma(weightB, sum6B);
        sum6C = x6.fma(weightC, sum6C);
        FloatVector x7 = FloatVector.broadcast(SPECIES, x[from + i + 7 * xStride]);
        sum7A = x7.fma(weightA, sum7A);
        sum7B = x7.fma(weightB, sum7B);
        sum7C = x7.fma(weightC, sum7C);
      }
      sum0A.intoArray(sums, toA);
      sum0B.intoArray(sums, toB);
      sum0C.intoArray(sums, toC);
      sum1A.intoArray(sums, toA + sumStride);
      sum1B.intoArray(sums, toB + sumStride);
      sum1C.intoArray(sums, toC + sumStride);
      sum2A.intoArray(sums, toA + 2 * sumStride);
      sum2B.intoArray(sums, toB + 2 * sumStride);
      sum2C.intoArray(sums, toC + 2 * sumStride);
      sum3A.intoArray(sums, toA + 3 * sumStride);
      sum3B.intoArray(sums, toB + 3 * sumStride);
      sum3C.intoArray(sums, toC + 3 * sumStride);
      sum4A.intoArray(sums, toA + 4 * sumStride);
      sum4B.intoArray(sums, toB + 4 * sumStride);
      sum4C.intoArray(sums, toC + 4 * sumStride);
      sum5A.intoArray(sums, toA + 5 * sumStride);
      sum5B.intoArray(sums, toB + 5 * sumStride);
      sum5C.intoArray(sums, toC + 5 * sumStride);
      sum6A.intoArray(sums, toA + 6 * sumStride);
      sum6B.intoArray(sums, toB + 6 * sumStride);
      sum6C.intoArray(sums, toC + 6 * sumStride);
      sum7A.intoArray(sums, toA + 7 * sumStride);
      sum7B.intoArray(sums, toB + 7 * sumStride);
      sum7C.intoArray(sums, toC + 7 * sumStride);
    }
  }
}
