// How great the scores of a warp can become, which decides what linear weights take.
#pragma once

#include "softmax.h"

namespace reelspark::hopper {

// How far from zero the scores of the warp's rows can lie, over the scale of the keys: at most the products of the queries'
// norms with the greatest that a row of int8 keys can have. NaN when a scale is.
template <typename Operands>
__device__ __forceinline__ float reach(const uint8_t* queries, const float* scales, int row) {
  constexpr int kUnits = Operands::kRowUnits;
  // 128 times the root of the dimensions, rounded up.
  constexpr float kGreatestKey = Operands::kHeadDim == 128 ? 1449 : 1024;
  const auto* const units = reinterpret_cast<const int4*>(queries);
  uint32_t bits = 0;
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    int square = 0;
    // The lanes of a quad share a row; where its units lie does not matter, but rows begin at different banks.
#pragma unroll
    for (int j = 0; j < kUnits / 4; ++j) {
      const int4 part = units[(row + 8 * i) * kUnits + (4 * j + static_cast<int>(threadIdx.x)) % kUnits];
      square = __dp4a(part.x, part.x, square);
      square = __dp4a(part.y, part.y, square);
      square = __dp4a(part.z, part.z, square);
      square = __dp4a(part.w, part.w, square);
    }
    square += __shfl_xor_sync(0xffffffff, square, 1);
    square += __shfl_xor_sync(0xffffffff, square, 2);
    // As integers, the bits of NaN are above those of all numbers.
    bits = max(bits, __float_as_uint(sqrtf(static_cast<float>(square)) * scales[row + 8 * i]));
  }
  return __uint_as_float(__reduce_max_sync(0xffffffff, bits)) * kGreatestKey;
}

}  // namespace reelspark::hopper
