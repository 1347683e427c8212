package org.reelspark.backend.cpu;

import static org.reelspark.backend.cpu.VectorMemory.LANES;
import static org.reelspark.backend.cpu.VectorMemory.SPECIES;
import static org.reelspark.backend.cpu.VectorMemory.load;
import static org.reelspark.backend.cpu.VectorMemory.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import org.reelspark.backend.Activation;

/**
 * {@link RowKernels} by vector instructions. Each loop over a row runs in whole vectors, then ends
 * in single floats. What is too short to matter is left to plain Java.
 */
final class VectorKernels extends ScalarKernels {
  /** Lanes 0, 0, 1, 1, ... of the lower and of the upper half of a vector. */
  private static final VectorShuffle<Float> REPEAT_LOWER =
      VectorShuffle.fromOp(SPECIES, lane -> lane / 2);

  private static final VectorShuffle<Float> REPEAT_UPPER =
      VectorShuffle.fromOp(SPECIES, lane -> LANES / 2 + lane / 2);

  private static final VectorShuffle<Float> SWAP_PAIRS =
      VectorShuffle.fromOp(SPECIES, lane -> lane ^ 1);

  private static final FloatVector PAIR_SIGNS = pairSigns();

  /** -1, 1, -1, 1, ... */
  private static FloatVector pairSigns() {
    float[] signs = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      signs[lane] = lane % 2 == 0 ? -1 : 1;
    }
    return FloatVector.fromArray(SPECIES, signs, 0);
  }

  @Override
  public void repeat(FloatRows x, FloatRows out, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < whole; c += LANES) {
        store(load(x, 0, c), out, r, c);
      }
      for (int c = whole; c < columns; c++) {
        out.put(r, c, x.get(0, c));
      }
    }
  }

  @Override
  public void activate(FloatRows x, Activation activation, FloatRows out, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      switch (activation) {
        case NONE -> copyRow(x, out, r, whole);
        case SILU -> siluRow(x, out, r, whole);
        case GELU_TANH -> geluRow(x, out, r, whole);
      }
      for (int c = whole; c < columns; c++) {
        out.put(r, c, activate(activation, x.get(r, c)));
      }
    }
  }

  private static void copyRow(FloatRows x, FloatRows out, int r, int whole) {
    for (int c = 0; c < whole; c += LANES) {
      store(load(x, r, c), out, r, c);
    }
  }

  private static void siluRow(FloatRows x, FloatRows out, int r, int whole) {
    for (int c = 0; c < whole; c += LANES) {
      store(VectorMath.silu(load(x, r, c)), out, r, c);
    }
  }

  private static void geluRow(FloatRows x, FloatRows out, int r, int whole) {
    for (int c = 0; c < whole; c += LANES) {
      store(VectorMath.geluTanh(load(x, r, c)), out, r, c);
    }
  }

  @Override
  public void add(FloatRows a, FloatRows b, FloatRows out, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < whole; c += LANES) {
        store(load(a, r, c).add(load(b, r, c)), out, r, c);
      }
      for (int c = whole; c < columns; c++) {
        out.put(r, c, a.get(r, c) + b.get(r, c));
      }
    }
  }

  @Override
  public void gatedAdd(FloatRows x, FloatRows gate, FloatRows residual, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < whole; c += LANES) {
        store(load(gate, r, c).fma(load(x, r, c), load(residual, r, c)), residual, r, c);
      }
      for (int c = whole; c < columns; c++) {
        residual.put(r, c, residual.get(r, c) + gate.get(r, c) * x.get(r, c));
      }
    }
  }

  @Override
  public void layerNorm(
      FloatRows x,
      FloatRows factor,
      float offset,
      FloatRows addend,
      float epsilon,
      FloatRows out,
      int rows,
      int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      float mean = sum(x, r, columns) / columns;
      float scale =
          (float) (1 / Math.sqrt(squaredDistance(x, r, mean, columns) / columns + epsilon));
      for (int c = 0; c < whole; c += LANES) {
        FloatVector normal = load(x, r, c).sub(mean).mul(scale);
        store(normal.mul(load(factor, r, c).add(offset)).add(load(addend, r, c)), out, r, c);
      }
      for (int c = whole; c < columns; c++) {
        float normal = (x.get(r, c) - mean) * scale;
        out.put(r, c, normal * (factor.get(r, c) + offset) + addend.get(r, c));
      }
    }
  }

  private static float sum(FloatRows x, int r, int columns) {
    int whole = SPECIES.loopBound(columns);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int c = 0; c < whole; c += LANES) {
      sums = sums.add(load(x, r, c));
    }
    float sum = VectorMath.sum(sums);
    for (int c = whole; c < columns; c++) {
      sum += x.get(r, c);
    }
    return sum;
  }

  private static float squaredDistance(FloatRows x, int r, float centre, int columns) {
    int whole = SPECIES.loopBound(columns);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int c = 0; c < whole; c += LANES) {
      FloatVector distance = load(x, r, c).sub(centre);
      sums = distance.fma(distance, sums);
    }
    float sum = VectorMath.sum(sums);
    for (int c = whole; c < columns; c++) {
      float distance = x.get(r, c) - centre;
      sum += distance * distance;
    }
    return sum;
  }

  @Override
  public void rmsNorm(
      FloatRows x, FloatRows weight, float epsilon, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      double meanSquare = (double) squaredDistance(x, r, 0, columns) / columns;
      scaleRow(x, weight, (float) (1 / Math.sqrt(meanSquare + epsilon)), out, r, columns);
    }
  }

  @Override
  public void unitNorm(
      FloatRows x, FloatRows gamma, Activation activation, FloatRows out, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      double norm = Math.max(Math.sqrt(squaredDistance(x, r, 0, columns)), 1e-12);
      float scale = (float) (Math.sqrt(columns) / norm);
      if (activation == Activation.NONE) {
        scaleRow(x, gamma, scale, out, r, columns);
        continue;
      }
      for (int c = 0; c < whole; c += LANES) {
        store(VectorMath.silu(load(x, r, c).mul(scale).mul(load(gamma, r, c))), out, r, c);
      }
      for (int c = whole; c < columns; c++) {
        out.put(r, c, activate(Activation.SILU, x.get(r, c) * scale * gamma.get(r, c)));
      }
    }
  }

  /** {@code out = x * scale * weight}. */
  private static void scaleRow(
      FloatRows x, FloatRows weight, float scale, FloatRows out, int r, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int c = 0; c < whole; c += LANES) {
      store(load(x, r, c).mul(scale).mul(load(weight, r, c)), out, r, c);
    }
    for (int c = whole; c < columns; c++) {
      out.put(r, c, x.get(r, c) * scale * weight.get(r, c));
    }
  }

  @Override
  public void rotate(
      FloatRows x, FloatRows cos, FloatRows sin, int rows, int columns, int headDimension) {
    int pairs = headDimension / 2;
    if (pairs % LANES != 0) {
      super.rotate(x, cos, sin, rows, columns, headDimension);
      return;
    }
    for (int r = 0; r < rows; r++) {
      for (int pair = 0; pair < pairs; pair += LANES) {
        FloatVector cosines = load(cos, r, pair);
        FloatVector sines = load(sin, r, pair);
        FloatVector lowerCos = cosines.rearrange(REPEAT_LOWER);
        FloatVector upperCos = cosines.rearrange(REPEAT_UPPER);
        FloatVector lowerSin = sines.rearrange(REPEAT_LOWER).mul(PAIR_SIGNS);
        FloatVector upperSin = sines.rearrange(REPEAT_UPPER).mul(PAIR_SIGNS);
        for (int c = 2 * pair; c < columns; c += headDimension) {
          rotateVector(x, r, c, lowerCos, lowerSin);
          rotateVector(x, r, c + LANES, upperCos, upperSin);
        }
      }
    }
  }

  private static void rotateVector(
      FloatRows x, int r, int c, FloatVector cos, FloatVector signedSin) {
    FloatVector pairs = load(x, r, c);
    FloatVector swapped = pairs.rearrange(SWAP_PAIRS);
    store(pairs.mul(cos).add(swapped.mul(signedSin)), x, r, c);
  }

  @Override
  public void softmax(FloatRows x, FloatRows bias, int rows, int columns) {
    int whole = SPECIES.loopBound(columns);
    for (int r = 0; r < rows; r++) {
      float maximum = addAndMaximum(x, bias, r, columns);
      FloatVector sums = FloatVector.zero(SPECIES);
      for (int c = 0; c < whole; c += LANES) {
        FloatVector weight = VectorMath.exp(load(x, r, c).sub(maximum));
        store(weight, x, r, c);
        sums = sums.add(weight);
      }
      float sum = VectorMath.sum(sums);
      for (int c = whole; c < columns; c++) {
        float weight = (float) Math.exp(x.get(r, c) - maximum);
        x.put(r, c, weight);
        sum += weight;
      }
      for (int c = 0; c < whole; c += LANES) {
        store(load(x, r, c).mul(1 / sum), x, r, c);
      }
      for (int c = whole; c < columns; c++) {
        x.put(r, c, x.get(r, c) * (1 / sum));
      }
    }
  }

  /** {@code x += bias}; returns the row's maximum. */
  private static float addAndMaximum(FloatRows x, FloatRows bias, int r, int columns) {
    int whole = SPECIES.loopBound(columns);
    FloatVector maxima = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int c = 0; c < whole; c += LANES) {
      FloatVector sum = load(x, r, c).add(load(bias, r, c));
      store(sum, x, r, c);
      maxima = maxima.max(sum);
    }
    float maximum = maxima.reduceLanes(VectorOperators.MAX);
    for (int c = whole; c < columns; c++) {
      float sum = x.get(r, c) + bias.get(r, c);
      x.put(r, c, sum);
      maximum = Math.max(maximum, sum);
    }
    return maximum;
  }
}
