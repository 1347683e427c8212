// What the combine kernels are launched with: a sum of tensors with coefficients.
#pragma once

#include <cstdint>

namespace reelspark {

constexpr int kMostTerms = 6;

struct Combination {
  const void* terms[kMostTerms];
  float coefficients[kMostTerms];
  int32_t count;
};

// A launcher in another language writes these bytes.
static_assert(sizeof(Combination) == 80);

}  // namespace reelspark
