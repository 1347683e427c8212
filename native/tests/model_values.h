// Random operands of the model's kernels, as the numbers that they are after rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "check.h"
#include "split_mix.h"

namespace reelspark {

template <typename T>
std::vector<T> random_values(int64_t count, uint64_t seed) {
  SplitMix random(seed);
  std::vector<T> values;
  values.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(T(random.normal()));
  }
  return values;
}

// A permutation of 0 .. count - 1.
inline std::vector<int32_t> random_order(int32_t count, uint64_t seed) {
  SplitMix random(seed);
  std::vector<int32_t> order(count);
  for (int32_t i = 0; i < count; ++i) {
    order[i] = i;
  }
  for (int32_t i = count - 1; i > 0; --i) {
    std::swap(order[i], order[static_cast<int32_t>(random.uniform() * (i + 1))]);
  }
  return order;
}

// Half a unit in the last place, relative, and as much again for fp32 arithmetic.
template <typename T>
constexpr double kRounding = sizeof(T) == 4 ? 4e-6 : 0;
template <>
constexpr double kRounding<__half> = 0x1p-11 + 4e-6;
template <>
constexpr double kRounding<__nv_bfloat16> = 0x1p-8 + 4e-6;

// Checks results against fp64: within the rounding of the type, and the slack of each for what cancels before.
template <typename T>
void check_close(
    const std::vector<T>& actual, const std::vector<double>& expected, const std::vector<double>& slack) {
  CHECK(actual.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK_NEAR(static_cast<double>(static_cast<float>(actual[i])), expected[i],
               kRounding<T> * std::fabs(expected[i]) + slack[i]);
  }
}

template <typename T>
void check_close(const std::vector<T>& actual, const std::vector<double>& expected, double slack = 4e-6) {
  check_close(actual, expected, std::vector<double>(expected.size(), slack));
}

inline double activated(int activation, double x) {
  if (activation == 1) return x / (1 + std::exp(-x));
  if (activation == 2) return x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
  return x;
}

}  // namespace reelspark
