// Queries and keys of one head as a video model's attention sees them: smooth in time, height and width, rotated by 3-D
// rotary position embedding, keys about a common mean. The Java tests have the same field.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "split_mix.h"

namespace reelspark {

struct VideoField {
  std::vector<float> queries;  // [token, dimension], tokens in row-major order
  std::vector<float> keys;

  VideoField(const std::array<int, 3>& grid, int dimension, uint64_t seed) {
    SplitMix random(seed);
    constexpr double kPi = 3.14159265358979323846;
    std::vector<std::array<double, 4>> waves(kFeatures);
    for (std::array<double, 4>& wave : waves) {
      for (double& number : wave) {
        number = 2 * kPi * (random.uniform() * 3 - 1.5);
      }
    }
    const std::vector<double> to_query = matrix(random, dimension), to_key = matrix(random, dimension);
    std::vector<double> key_mean(dimension);
    for (double& value : key_mean) {
      value = 2 * random.normal();
    }
    const int tokens = grid[0] * grid[1] * grid[2];
    for (int token = 0; token < tokens; ++token) {
      const std::array<int, 3> place = {token / (grid[1] * grid[2]), token / grid[2] % grid[1], token % grid[2]};
      std::vector<double> features(kFeatures);
      for (int i = 0; i < kFeatures; ++i) {
        double phase = waves[i][3];
        for (int axis = 0; axis < 3; ++axis) {
          phase += waves[i][axis] * place[axis] / grid[axis];
        }
        features[i] = std::cos(phase);
      }
      const std::vector<double> query = rotated(product(to_query, features), place);
      const std::vector<double> key = rotated(product(to_key, features), place);
      queries.insert(queries.end(), query.begin(), query.end());
      for (int d = 0; d < dimension; ++d) {
        keys.push_back(static_cast<float>(key[d] + key_mean[d]));
      }
    }
  }

 private:
  static constexpr int kFeatures = 24;

  static std::vector<double> matrix(SplitMix& random, int dimension) {
    std::vector<double> matrix(dimension * kFeatures);
    for (double& value : matrix) {
      value = 0.5 * random.normal();
    }
    return matrix;
  }

  static std::vector<double> product(const std::vector<double>& matrix, const std::vector<double>& vector) {
    std::vector<double> result(matrix.size() / vector.size());
    for (size_t i = 0; i < matrix.size(); ++i) {
      result[i / vector.size()] += matrix[i] * vector[i % vector.size()];
    }
    return result;
  }

  // Pair i of dimensions turns with axis i mod 3.
  static std::vector<double> rotated(const std::vector<double>& vector, const std::array<int, 3>& place) {
    std::vector<double> result(vector.size());
    for (size_t pair = 0; pair < vector.size() / 2; ++pair) {
      const double angle = place[pair % 3] * std::pow(10000, -static_cast<double>(pair / 3) / (vector.size() / 6.0));
      const double cosine = std::cos(angle), sine = std::sin(angle);
      result[2 * pair] = vector[2 * pair] * cosine - vector[2 * pair + 1] * sine;
      result[2 * pair + 1] = vector[2 * pair] * sine + vector[2 * pair + 1] * cosine;
    }
    return result;
  }
};

}  // namespace reelspark
