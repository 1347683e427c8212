// Linear weights (linear_weight.h) against the powers of two they stand for, on the host. Needs no GPU.
#include "reelspark/linear_weight.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

#include "check.h"

namespace reelspark {
namespace {

constexpr float kMostWeight = 448;

// The number whose bits these are, as the conversion to e4m3 rounds it: to three bits behind the first but no finer than
// 2^-9, to even when halfway, and no more than the greatest.
double weight_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  if (value == 0) {
    return 0;
  }
  const double step = std::ldexp(1.0, std::max(std::ilogb(value), -6) - 3);
  return std::min<double>(std::nearbyint(value / step) * step, kMostWeight);
}

// As the kernels compute them.
uint32_t bits_of_score(int score, float scale, float reference) {
  return static_cast<uint32_t>(score) * linear_factor(scale) + linear_base(reference);
}

double weight_of(int score, float scale, float reference) { return weight_of(bits_of_score(score, scale, reference)); }

// From far below the least weight to the tolerance.
void weights_follow_powers_of_two() {
  constexpr float kScale = 1e-4f;
  double previous = 0, least = 1, most = 1;
  for (int score = -1'000'000; score * kScale <= kLinearTolerance; ++score) {
    const double weight = weight_of(score, kScale, 0);
    CHECK(weight >= previous);
    previous = weight;
    const double exponent = double{kScale} * score + kLinearExponent;
    if (weight >= std::exp2(-6)) {
      const double ratio = weight / std::exp2(exponent);
      least = std::min(least, ratio);
      most = std::max(most, ratio);
    } else {
      CHECK_NEAR(weight, std::exp2(exponent), std::exp2(-10) + 0.06 * std::exp2(exponent));
      CHECK(exponent < -9.8 ? exponent > -10 || weight == 0 : weight > 0);
    }
  }
  CHECK(previous >= 416);
  CHECK(least > 0.91 && most < 1.10);
  std::printf("weights are %.4f to %.4f of the powers of two\n", least, most);
}

// What log-sum-exps leave out, and what keeps weights of many keys unbiased however far below the reference they lie.
void sums_have_the_stated_mean() {
  constexpr float kScale = 1.0f / (1 << 14);
  for (int octave = -14; octave <= 1; ++octave) {
    double weights = 0, powers = 0;
    for (int i = 0; i < 1 << 14; ++i) {
      const int score = (octave << 14) + i;
      weights += weight_of(score, kScale, 0);
      powers += std::exp2(double{kScale} * score);
    }
    CHECK_NEAR(std::log2(weights / powers), kLinearSumExponent, octave >= -12 ? 2e-3 : 0.03);
  }
}

// Scores as far below the reference as the kernels allow for.
void far_scores_weigh_nothing() {
  std::mt19937 random(1);
  for (float scale : {1e-6f, 1.3e-4f, 1e-3f, 0.25f}) {
    const auto reach = static_cast<int>(std::min(kClampedRoom / 2 / scale, 128.0f * 128 * 128));
    std::uniform_int_distribution<int> score(-reach, reach);
    for (int i = 0; i < 10'000; ++i) {
      const int top = score(random);
      const int other = std::uniform_int_distribution<int>(-reach, top)(random);
      const float reference = static_cast<float>(top) * scale;
      const double below = double{reference} - double{scale} * other;
      const uint32_t bits = bits_of_score(other, scale, reference);
      CHECK(below > kLinearRoom || bits < 0x7f800000);
      CHECK(below < 16.5 || weight_of(bits) == 0 || static_cast<int32_t>(bits) < 0);
      CHECK(below > 15.5 || weight_of(bits) > 0);
      CHECK_NEAR(std::log2(weight_of(top, scale, reference)), kLinearExponent, 0.3);
      CHECK_NEAR(std::log2(weight_of(top, scale, reference - kLinearTolerance)), 8.75, 0.3);
    }
  }
}

// Rounding the factor matters only for scores that are both great and of small scale.
void factors_are_exact_enough() {
  for (float scale = 1e-6f; scale < 0.25f; scale *= 1.01f) {
    CHECK_NEAR(linear_factor(scale) / double{kBitsPerOctave}, scale, std::exp2(-24));
  }
}

}  // namespace
}  // namespace reelspark

int main() {
  reelspark::weights_follow_powers_of_two();
  reelspark::sums_have_the_stated_mean();
  reelspark::far_scores_weigh_nothing();
  reelspark::factors_are_exact_enough();
  std::puts("linear_weight_test: all checks passed");
  return 0;
}
