// Functions that follow a layer, numbered as launchers number them.
#pragma once

#include <cmath>
#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

enum class Activation : int32_t { kNone = 0, kSilu = 1, kGeluTanh = 2 };

// Within a few units of the last place, which is far less than 16-bit results keep.
REELSPARK_HOST_DEVICE inline float exp_fast(float x) {
#ifdef __CUDA_ARCH__
  return __expf(x);
#else
  return expf(x);
#endif
}

// 0 for denominators beyond 2^126.
REELSPARK_HOST_DEVICE inline float divide_fast(float numerator, float denominator) {
#ifdef __CUDA_ARCH__
  return __fdividef(numerator, denominator);
#else
  return numerator / denominator;
#endif
}

REELSPARK_HOST_DEVICE inline float activate(Activation activation, float x) {
  // x (1 + tanh(u)) / 2 = x / (1 + exp(-2u)), with 2 sqrt(2 / pi) = 1.5957691
  const float exponent = activation == Activation::kSilu ? x : 1.5957691f * (x + 0.044715f * x * x * x);
  const float denominator = 1 + exp_fast(-exponent);
  return activation == Activation::kNone ? x : divide_fast(x, denominator);
}

}  // namespace reelspark
