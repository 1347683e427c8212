package org.reelspark.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Four pixels at a time: 12 sums, for processors with 16 vector registers. The sums are local
 * variables because only those stay in registers. Load this class only when {@link
 * VectorSupport#available}.
 */
final class FourPixelMicrokernel implements ConvolutionMicrokernel {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final int PIXELS = 4;

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
    }
  }
}
