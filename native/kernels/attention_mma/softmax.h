// Online softmax of a warp's 32 queries, in log2 units.
#pragma once

#include <cfloat>

#include "products.h"

namespace reelspark::mma {

constexpr float kInfinity = __builtin_huge_valf();

// The reference of a row that has met no key: below any score, and yet hidden keys, at -inf, weigh nothing beside it.
constexpr float kNothing = -1e30f;

// Value for each query that a lane holds scores of: [t][half] belongs to query 16t + 8 half + lane / 4.
using PerRow = float[kRowTiles][2];

// Among the warp's queries.
__device__ inline int query_of_lane(int t, int half, int lane) { return t * kMmaRows + half * 8 + lane / 4; }

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
  // Sums are rescaled to a new reference only when scores rise this far above the old one, which is rare. With 0 the
  // reference is the true maximum, and the greatest weight an exact power of two: e4m3 is so coarse that this matters.
  static constexpr float kSlack = T::kE4m3 ? 0 : 4;

  // Weights are 2^(score - reference + kLift): fp16 and e4m3 lose precision below 2^-14 and 2^-6, so both gain from
  // weights above 1; bf16 has the range anyway.
  static constexpr float kLift = std::is_same_v<PvElement, __nv_bfloat16> ? 0 : 8;

  PerRow reference;
  PerRow sum;  // this lane's share

  __device__ Softmax() {
    for_rows([&](int t, int half) {
      reference[t][half] = kNothing;
      sum[t][half] = 0;
    });
  }

  // Makes the greatest score so far the reference, given this lane's maxima of a block.
  __device__ void rise_to(const PerRow& maximum, Output<T>& output) {
    for_rows([&](int t, int half) {
      const float old = reference[t][half];
      const float greatest = fmaxf(old, quad_max(maximum[t][half]));
      // Equal when both are infinite, where the difference would be NaN.
      const float factor = greatest == old ? 1.0f : exp2_fast(old - greatest);
      reference[t][half] = greatest;
      sum[t][half] *= factor;
#pragma unroll
      for (int n = 0; n < T::kValueTiles; ++n) {
        output.tile[t][n][2 * half] *= factor;
        output.tile[t][n][2 * half + 1] *= factor;
      }
    });
  }
};

// The greatest of this lane's scores of the block in each row. NaN counts as no score.
template <typename T>
__device__ inline void lane_maxima(const Scores<T>& scores, const PerRow& scale, PerRow& maximum) {
  for_rows([&](int t, int half) {
    auto greatest = scores.tile[t][0][2 * half];
#pragma unroll
    for (int n = 0; n < kKeyTiles; ++n) {
      greatest = Scores<T>::greatest(greatest, scores.tile[t][n][2 * half], scores.tile[t][n][2 * half + 1]);
    }
    maximum[t][half] = (Scores<T>::to_float(greatest) - Scores<T>::kBias) * scale[t][half];
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
