// Online softmax of 64 queries over one step of keys, in log2 units. A thread holds two rows, 8 apart; the four lanes of
// a quad share them, each with every fourth pair of columns.
//
// Weights are taken about a reference near the greatest score so far, not at it: as long as no score lies more than a
// tolerance above the reference, the lanes need not agree on a maximum and nothing is rescaled.
#pragma once

#include <climits>
#include <cmath>

#include "barrier.h"
#include "operands.h"

namespace reelspark::hopper {

constexpr int kRows = 2;

// The reference before any score: below all, and finite, so that differences are numbers.
constexpr float kNoReference = -1e30f;

__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

__device__ __forceinline__ float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, 1));
  return fmaxf(value, __shfl_xor_sync(0xffffffff, value, 2));
}

__device__ __forceinline__ float quad_sum(float value) {
  value += __shfl_xor_sync(0xffffffff, value, 1);
  return value + __shfl_xor_sync(0xffffffff, value, 2);
}

// Where a maximum of raw scores begins.
__device__ __forceinline__ constexpr int32_t lowest_score(int32_t) { return INT_MIN; }
__device__ __forceinline__ constexpr float lowest_score(float) { return -INFINITY; }

// Factors of the scores, for each row of the thread and each block of the step.
template <int kBlocks>
using StepScales = float[kRows][kBlocks];

// Greatest scores of the thread's columns, scaled; -inf where it sees none.
template <int kBlocks>
using StepMaxima = float[kRows][kBlocks];

// Whether all keys of a step are visible to all queries of the group.
enum class Visibility { kAll, kSome };

// What scores need besides their multiplication to become weights.
enum class Care {
  kNone,
  kClamp,  // linear weights: scores may lie so far below the reference that weights would be negative
  kEach,   // a look at each: some are hidden or left out, or beyond all bounds
  kSkip,   // all are left out
};

// Replaces a row's scores with all but the first `visible` keys of a block by the lowest.
template <int kBlocks, typename Score>
__device__ __forceinline__ void hide_scores(
    Score (&scores)[kBlocks * kKeyBlock / 2], int row, int block, int visible) {
  visible -= static_cast<int>(threadIdx.x) % 4 * 2;
#pragma unroll
  for (int i = 0; i < kKeyBlock / 4; ++i) {
    Score& score = scores[32 * block + i / 2 * 4 + 2 * row + i % 2];
    score = i / 2 * 8 + i % 2 < visible ? score : lowest_score(Score());
  }
}

template <Visibility kVisibility, int kBlocks, typename Score>
__device__ __forceinline__ void step_maxima(
    const Score (&scores)[kBlocks * kKeyBlock / 2], const StepScales<kBlocks>& scales, StepMaxima<kBlocks>& maxima) {
  Score raw[kRows][kBlocks];
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      raw[row][block] = scores[32 * block + 2 * row];
    }
  }
  // All at a time, none waits for another.
#pragma unroll
  for (int i = 1; i < kKeyBlock / 4; ++i) {
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        raw[row][block] = max(raw[row][block], scores[32 * block + i / 2 * 4 + 2 * row + i % 2]);
      }
    }
  }
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      maxima[row][block] = static_cast<float>(raw[row][block]) * scales[row][block];
      if (kVisibility == Visibility::kSome && raw[row][block] == lowest_score(Score())) {
        maxima[row][block] = -INFINITY;
      }
    }
  }
}

// What the PV threshold says about the step's blocks.
template <int kBlocks>
struct Kept {
  bool block[kBlocks];

  __device__ __forceinline__ bool any() const {
    bool any = false;
#pragma unroll
    for (int i = 0; i < kBlocks; ++i) {
      any |= block[i];
    }
    return any;
  }

  __device__ __forceinline__ bool all() const {
    bool all = true;
#pragma unroll
    for (int i = 0; i < kBlocks; ++i) {
      all &= block[i];
    }
    return all;
  }
};

// A move of the references of the warp's rows, or none.
struct Move {
  bool made;
  // What sums about the references before the move have still to be multiplied by.
  float correction[kRows];

  // Brings what was summed before the move up to date.
  template <int kCount>
  __device__ __forceinline__ void correct(float (&sums)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      sums[i] *= correction[i / 2 % 2];
    }
  }
};

// Running reference and sum of the thread's rows. The sum is the thread's own share, or the row's where matrix
// instructions make it.
struct SoftmaxState {
  float reference[kRows] = {kNoReference, kNoReference};
  float sum[kRows] = {0, 0};
  // For linear weights: how far from zero the scores of the warp's rows can lie, over the scale of the keys, and how far they
  // may before a weight takes more than a multiplication.
  float reach;
  float room = kLinearRoom;

  // Decides for the warpgroup which blocks are worth their exponentials: one is not when for all rows its greatest score
  // lies more than `threshold` below the greatest so far, itself included, which the reference has to be. Rows past the
  // end have no say.
  template <int kBlocks>
  __device__ __forceinline__ Kept<kBlocks> decide(
      const StepMaxima<kBlocks>& maxima, float threshold, const bool (&valid)[kRows], int barrier) const {
    static_assert(kBlocks <= 2);
    bool keep[kBlocks] = {};
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      float so_far = reference[row];
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        const float greatest = quad_max(maxima[row][block]);
        so_far = fmaxf(so_far, greatest);
        keep[block] |= valid[row] && !(greatest - so_far < -threshold);
      }
    }
    // One count carries the votes of the four warps on both blocks: one lane gives the first, eight lanes the second.
    bool vote = false;
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      const int lane = threadIdx.x % kWarpSize;
      const bool warp_keeps = __any_sync(0xffffffff, keep[block]);
      vote |= warp_keeps && (block == 0 ? lane == 0 : lane >= 1 && lane <= 8);
    }
    const int votes = __shfl_sync(0xffffffff, numbered_count(barrier, kWarpgroupSize, vote), 0);
    Kept<kBlocks> kept;
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      kept.block[block] = (block == 0 ? votes % 8 : votes / 8) != 0;
    }
    return kept;
  }

  // Whether a maximum of the thread's rows lies more than `tolerance` above its reference.
  template <int kBlocks>
  __device__ __forceinline__ bool is_below(const StepMaxima<kBlocks>& maxima, float tolerance) const {
    bool below = false;
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      below |= fmaxf(maxima[row][0], maxima[row][kBlocks - 1]) > reference[row] + tolerance;
    }
    return below;
  }

  // Moves the references of the warp's rows up to their maxima when one of them lies more than `tolerance` above its
  // reference, and does then what `on_move` says.
  template <int kBlocks, typename OnMove>
  __device__ __forceinline__ void follow(const StepMaxima<kBlocks>& maxima, float tolerance, Move& move, OnMove on_move) {
    move.made = __any_sync(0xffffffff, is_below<kBlocks>(maxima, tolerance));
    if (move.made) {
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        const float next = fmaxf(reference[row], quad_max(fmaxf(maxima[row][0], maxima[row][kBlocks - 1])));
        move.correction[row] = exp2_fast(reference[row] - next);
        reference[row] = next;
        sum[row] *= move.correction[row];
      }
      // The bits of numbers above zero are ordered as they are.
      const float greatest = fmaxf(fmaxf(reference[0], reference[1]), 0.0f);
      room = kLinearRoom - __uint_as_float(__reduce_max_sync(0xffffffff, __float_as_uint(greatest)));
      on_move();
    }
  }

  // Whether no score of keys of these scales lies further below the reference than this beyond the room; not if one may be
  // no number.
  template <int kBlocks>
  __device__ __forceinline__ bool within(const float (&key_scales)[kBlocks], float beyond) const {
    bool within = true;
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      within &= reach * key_scales[block] <= room + beyond;
    }
    return within;
  }

  // Turns scores into weights by exponentials, and sums them. Writes their bits.
  template <Care kCare, typename Operands, int kBlocks = Operands::kStepBlocks>
  __device__ __forceinline__ void weigh(
      const typename Operands::Score (&scores)[Operands::kScores], const StepScales<kBlocks>& scales, const Kept<kBlocks>& kept,
      uint32_t (&weights)[Operands::kScores]) {
    float offset[kRows][kBlocks];
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        offset[row][block] = kCare != Care::kEach || kept.block[block] ? -reference[row] : -INFINITY;
      }
    }
    constexpr auto kHidden = lowest_score(typename Operands::Score());
#pragma unroll
    for (int i = 0; i < Operands::kScores / 8; ++i) {
      float w[8];
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const int block = i / 4, row = j / 2 % 2;
        const bool seen = kCare != Care::kEach || scores[8 * i + j] != kHidden;
        const float exponent =
            fmaf(static_cast<float>(scores[8 * i + j]), scales[row][block], offset[row][block]);
        w[j] = exp2_fast(seen ? exponent : -INFINITY);
      }
      sum[0] += w[0] + w[1] + (w[4] + w[5]);
      sum[1] += w[2] + w[3] + (w[6] + w[7]);
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        weights[8 * i + j] = __float_as_uint(w[j]);
      }
    }
  }

  // Turns scores into the bits of linear weights, which the matrix instructions sum once they are packed.
  template <Care kCare, typename Operands, int kBlocks = Operands::kStepBlocks>
  __device__ __forceinline__ void weigh_linearly(
      const int32_t (&scores)[Operands::kScores], const StepScales<kBlocks>& scales, const Kept<kBlocks>& kept,
      uint32_t (&weights)[Operands::kScores]) const {
    uint32_t factor[kRows][kBlocks], base[kRows];
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      base[row] = linear_base(reference[row]);
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        factor[row][block] = linear_factor(scales[row][block]);
      }
    }
#pragma unroll
    for (int i = 0; i < Operands::kScores; ++i) {
      const int block = i / 32, row = i / 2 % 2;
      if (kCare == Care::kEach) {
        const bool seen = kept.block[block] && scores[i] != lowest_score(scores[i]);
        const float above = fmaf(static_cast<float>(scores[i]), scales[row][block], -reference[row]);
        weights[i] = seen ? far_linear_weight(above) : 0;
      } else {
        weights[i] = scores[i] * factor[row][block] + base[row];
        if (kCare == Care::kClamp) {
          weights[i] = max(static_cast<int32_t>(weights[i]), 0);
        }
      }
    }
  }

  // The bits of the weight of a score that lies this far above the reference, wherever that is; NaN for NaN.
  static __device__ __forceinline__ uint32_t far_linear_weight(float above) {
    const int32_t bits = __float2int_rn(fmaf(above, kBitsPerOctave, kReferenceBits));
    return above == above ? max(bits, 0) : __float_as_uint(NAN);
  }
};

}  // namespace reelspark::hopper
