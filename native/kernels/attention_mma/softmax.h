// Online softmax of a warp's 32 queries, in log2 units.
#pragma once

#include <cfloat>

#include "products.h"

namespace reelspark::mma {

constexpr float kInfinity = __builtin_huge_valf();

// Value for each query that a lane holds scores of: [t][half] belongs to query 16t + 8 half + lane / 4.
using PerRow = float[kRowTiles][2];

// Visits the rows of a lane as (t, half).
template <typename Visit>
__device__ inline void for_rows(const Visit& visit) {
#pragma unroll
  for (int t = 0; t < kRowTiles; ++t) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      visit(t, half);
    }
  }
}

// The lanes of a quad share their rows.
__device__ inline float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, 1));
  return fmaxf(value, __shfl_xor_sync(0xffffffff, value, 2));
}

__device__ inline float quad_sum(float value) {
  value += __shfl_xor_sync(0xffffffff, value, 1);
  return value + __shfl_xor_sync(0xffffffff, value, 2);
}

template <typename T, typename PvElement>
struct Softmax {
  // Weights are 2^(score - reference + kLift). e4m3 reaches 448 and fp16 loses precision below 2^-14, so both gain from
  // weights above 1; bf16 has the range anyway.
  static constexpr float kLift = std::is_same_v<PvElement, __nv_bfloat16> ? 0 : 8;

  // How far scores may rise above the reference before sums are rescaled to a new one: fp16 and bf16 weights have the
  // room, and the rescaling of all sums is worth leaving out.
  static constexpr float kSlack = T::kE4m3 ? 0 : 4;

  PerRow reference;
  PerRow sum;  // this lane's share

  __device__ Softmax() {
    for_rows([&](int t, int half) {
      reference[t][half] = -kInfinity;
      sum[t][half] = 0;
    });
  }
};

// The greatest score of the block in each row. NaN counts as no score.
template <typename T>
__device__ inline void block_maxima(const Scores<T>& scores, const PerRow& scale, PerRow& maximum) {
  for_rows([&](int t, int half) {
    float greatest = fmaxf(scores.biased(t, 0, 2 * half), scores.biased(t, 0, 2 * half + 1));
#pragma unroll
    for (int n = 1; n < kKeyTiles; ++n) {
      greatest = fmaxf(greatest, fmaxf(scores.biased(t, n, 2 * half), scores.biased(t, n, 2 * half + 1)));
    }
    maximum[t][half] = (quad_max(greatest) - Scores<T>::kBias) * scale[t][half];
  });
}

// Hides the keys at and after `visible[t][half]`, counted from the block's first. A scale of zero, which would make NaN
// of a hidden score, becomes the smallest positive one; so does any scale of a row that sees none of the block.
template <typename T>
__device__ inline void hide_keys(
    Scores<T>& scores, PerRow& scale, const int (&visible)[kRowTiles][2], int lane) {
  for_rows([&](int t, int half) {
    if (visible[t][half] <= 0 || scale[t][half] == 0) {
      scale[t][half] = FLT_MIN;
    }
#pragma unroll
    for (int n = 0; n < kKeyTiles; ++n) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        if (n * kMmaColumns + lane % 4 * 2 + e >= visible[t][half]) {
          scores.hide(t, n, 2 * half + e);
        }
      }
    }
  });
}

}  // namespace reelspark::mma
