package org.reelspark.backend.cpu;

import org.reelspark.backend.Activation;

/** {@link RowKernels} in plain Java, for virtual machines without the vector module. */
class ScalarKernels implements RowKernels {
  private static final double GELU_FACTOR = 2 * Math.sqrt(2 / Math.PI);
  private static final double GELU_CUBIC = 0.044715;

  @Override
  public void repeat(FloatRows x, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        out.put(r, c, x.get(0, c));
      }
    }
  }

  @Override
  public void activate(FloatRows x, Activation activation, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        out.put(r, c, activate(activation, x.get(r, c)));
      }
    }
  }

  static float activate(Activation activation, float x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> (float) (x / (1 + Math.exp(-x)));
      case GELU_TANH -> {
        // x * (1 + tanh(u)) / 2 = x / (1 + exp(-2u))
        double twice = GELU_FACTOR * (x + GELU_CUBIC * x * x * x);
        yield (float) (x / (1 + Math.exp(-twice)));
      }
    };
  }

  @Override
  public void add(FloatRows a, FloatRows b, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        out.put(r, c, a.get(r, c) + b.get(r, c));
      }
    }
  }

  @Override
  public void gatedAdd(FloatRows x, FloatRows gate, FloatRows residual, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
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
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        sum += x.get(r, c);
      }
      double mean = sum / columns;
      double squares = 0;
      for (int c = 0; c < columns; c++) {
        double centred = x.get(r, c) - mean;
        squares += centred * centred;
      }
      double scale = 1 / Math.sqrt(squares / columns + epsilon);
      for (int c = 0; c < columns; c++) {
        float normal = (float) ((x.get(r, c) - mean) * scale);
        out.put(r, c, normal * (offset + factor.get(r, c)) + addend.get(r, c));
      }
    }
  }

  @Override
  public void rmsNorm(
      FloatRows x, FloatRows weight, float epsilon, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      float scale = (float) (1 / Math.sqrt(squaredNorm(x, r, columns) / columns + epsilon));
      for (int c = 0; c < columns; c++) {
        out.put(r, c, x.get(r, c) * scale * weight.get(r, c));
      }
    }
  }

  @Override
  public void unitNorm(
      FloatRows x, FloatRows gamma, Activation activation, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      double norm = Math.max(Math.sqrt(squaredNorm(x, r, columns)), 1e-12);
      float scale = (float) (Math.sqrt(columns) / norm);
      for (int c = 0; c < columns; c++) {
        out.put(r, c, activate(activation, x.get(r, c) * scale * gamma.get(r, c)));
      }
    }
  }

  private static double squaredNorm(FloatRows x, int row, int columns) {
    double sum = 0;
    for (int c = 0; c < columns; c++) {
      double value = x.get(row, c);
      sum += value * value;
    }
    return sum;
  }

  @Override
  public void rotate(
      FloatRows x, FloatRows cos, FloatRows sin, int rows, int columns, int headDimension) {
    int pairs = headDimension / 2;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c += 2) {
        int pair = c / 2 % pairs;
        float a = x.get(r, c);
        float b = x.get(r, c + 1);
        x.put(r, c, a * cos.get(r, pair) - b * sin.get(r, pair));
        x.put(r, c + 1, a * sin.get(r, pair) + b * cos.get(r, pair));
      }
    }
  }

  @Override
  public void combine(
      float[] coefficients, FloatRows[] inputs, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        float sum = 0;
        for (int i = 0; i < inputs.length; i++) {
          sum += coefficients[i] * inputs[i].get(r, c);
        }
        out.put(r, c, sum);
      }
    }
  }

  @Override
  public void multiply(FloatRows a, FloatRows b, FloatRows out, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        out.put(r, c, a.get(r, c) * b.get(r, c));
      }
    }
  }

  @Override
  public void softmax(FloatRows x, FloatRows bias, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      float maximum = Float.NEGATIVE_INFINITY;
      for (int c = 0; c < columns; c++) {
        maximum = Math.max(maximum, x.get(r, c) + bias.get(r, c));
      }
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        float weight = (float) Math.exp(x.get(r, c) + bias.get(r, c) - maximum);
        sum += weight;
        x.put(r, c, weight);
      }
      float scale = (float) (1 / sum);
      for (int c = 0; c < columns; c++) {
        x.put(r, c, x.get(r, c) * scale);
      }
    }
  }

  @Override
  public boolean isFinite(FloatRows x, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        if (!Float.isFinite(x.get(r, c))) {
          return false;
        }
      }
    }
    return true;
  }
}
