package org.reelspark.attention;

/**
 * Queries and keys of one head as a video model's attention sees them: smooth in time, height and
 * width, rotated by 3-D rotary position embedding, keys about a common mean. Tokens are in
 * row-major order.
 */
record VideoField(float[] query, float[] key) {
  private static final int FEATURES = 24;

  static VideoField of(Grid grid, int dimension, long seed) {
    SplitMix random = new SplitMix(seed);
    double[][] waves = new double[FEATURES][4];
    for (double[] wave : waves) {
      for (int i = 0; i < 4; i++) {
        wave[i] = 2 * Math.PI * (random.uniform() * 3 - 1.5);
      }
    }
    double[][] toQuery = matrix(random, dimension);
    double[][] toKey = matrix(random, dimension);
    double[] keyMean = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      keyMean[i] = 2 * random.normal();
    }
    int tokens = grid.tokens();
    VideoField field = new VideoField(new float[tokens * dimension], new float[tokens * dimension]);
    for (int token = 0; token < tokens; token++) {
      int[] place = {
        token / (grid.height() * grid.width()),
        token / grid.width() % grid.height(),
        token % grid.width()
      };
      double[] features = new double[FEATURES];
      for (int i = 0; i < FEATURES; i++) {
        features[i] =
            Math.cos(
                waves[i][0] * place[0] / grid.frames()
                    + waves[i][1] * place[1] / grid.height()
                    + waves[i][2] * place[2] / grid.width()
                    + waves[i][3]);
      }
      store(rotated(product(toQuery, features), place), field.query, token);
      double[] key = rotated(product(toKey, features), place);
      for (int i = 0; i < dimension; i++) {
        key[i] += keyMean[i];
      }
      store(key, field.key, token);
    }
    return field;
  }

  private static double[][] matrix(SplitMix random, int dimension) {
    double[][] matrix = new double[dimension][FEATURES];
    for (double[] row : matrix) {
      for (int i = 0; i < FEATURES; i++) {
        row[i] = 0.5 * random.normal();
      }
    }
    return matrix;
  }

  private static double[] product(double[][] matrix, double[] vector) {
    double[] result = new double[matrix.length];
    for (int row = 0; row < result.length; row++) {
      for (int i = 0; i < vector.length; i++) {
        result[row] += matrix[row][i] * vector[i];
      }
    }
    return result;
  }

  /** Pair i of dimensions turns with axis i mod 3. */
  private static double[] rotated(double[] vector, int[] place) {
    double[] result = new double[vector.length];
    for (int pair = 0; pair < vector.length / 2; pair++) {
      double angle = place[pair % 3] * Math.pow(10000, -(pair / 3) / (vector.length / 6.0));
      double cosine = Math.cos(angle);
      double sine = Math.sin(angle);
      result[2 * pair] = vector[2 * pair] * cosine - vector[2 * pair + 1] * sine;
      result[2 * pair + 1] = vector[2 * pair] * sine + vector[2 * pair + 1] * cosine;
    }
    return result;
  }

  private static void store(double[] vector, float[] rows, int token) {
    for (int i = 0; i < vector.length; i++) {
      rows[token * vector.length + i] = (float) vector[i];
    }
  }
}
