// Functions that follow a layer, numbered as launchers number them.
#pragma once

#include <cmath>
#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

enum class Activation : int32_t { kNone = 0, kSilu = 1, kGeluTanh = 2 };

REELSPARK_HOST_DEVICE inline float activate(Activation activation, float x) {
  // x (1 + tanh(u)) / 2 = x / (1 + exp(-2u)), with 2 sqrt(2 / pi) = 1.5957691
  const float exponent = activation == Activation::kSilu ? x : 1.5957691f * (x + 0.044715f * x * x * x);
  return activation == Activation::kNone ? x : x / (1 + expf(-exponent));
}

}  // namespace reelspark
