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

// The same without the special function unit, good to 0.2%, for weights of 8 bits: 2^n (1 + a f + b f^2) with n the
// nearest integer. Adding 1.5 * 2^23 rounds, and leaves n in the low bits.
__device__ __forceinline__ float exp2_polynomial(float x) {
  constexpr float kRounder = 12582912;
  x = fmaxf(x, -100.0f);
  const float rounded = x + kRounder;
  const float fraction = x - (rounded - kRounder);
  const float power = fmaf(fmaf(fraction, 0.2402f, 0.6952f), fraction, 1.0f);
  return __int_as_float(__float_as_int(power) + (__float_as_int(rounded) << 23));
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

// How many keys of each block the thread's rows see.
template <int kBlocks>
struct StepVisible {
  int keys[kRows][kBlocks];
};

// Whether all keys of a step are visible to all queries of the group.
enum class Visibility { kAll, kSome };

template <Visibility kVisibility, int kBlocks>
__device__ __forceinline__ bool is_visible(const StepVisible<kBlocks>& visible, int row, int block, int unit, int j) {
  return kVisibility == Visibility::kAll ||
         static_cast<int>(threadIdx.x) % 4 * 2 + 8 * unit + j < visible.keys[row][block];
}

template <Visibility kVisibility, int kBlocks, typename Score>
__device__ __forceinline__ void step_maxima(
    const Score (&scores)[kBlocks * kKeyBlock / 2], const StepScales<kBlocks>& scales,
    const StepVisible<kBlocks>& visible, StepMaxima<kBlocks>& maxima) {
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) {
      Score raw = lowest_score(Score());
#pragma unroll
      for (int unit = 0; unit < kKeyBlock / 8; ++unit) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          if (is_visible<kVisibility>(visible, row, block, unit, j)) {
            raw = max(raw, scores[32 * block + 4 * unit + 2 * row + j]);
          }
        }
      }
      maxima[row][block] = static_cast<float>(raw) * scales[row][block];
      if (kVisibility == Visibility::kSome && raw == lowest_score(Score())) {
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
};

// Running reference and sum of the thread's rows. The sum is the thread's own share.
struct SoftmaxState {
  float reference[kRows] = {kNoReference, kNoReference};
  float sum[kRows] = {0, 0};
  // What sums about the references before the last move have still to be multiplied by; 1 unless `moved`.
  float correction[kRows];
  bool moved;

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

  // Moves the references of the warp's rows up to their maxima when one of them lies more than `tolerance` above its
  // reference.
  template <int kBlocks>
  __device__ __forceinline__ void follow(const StepMaxima<kBlocks>& maxima, float tolerance) {
    float top[kRows];
    bool above = false;
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      top[row] = fmaxf(maxima[row][0], maxima[row][kBlocks - 1]);
      above |= top[row] > reference[row] + tolerance;
    }
    moved = __any_sync(0xffffffff, above);
    correction[0] = correction[1] = 1;
    if (moved) {
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        const float next = fmaxf(reference[row], quad_max(top[row]));
        correction[row] = exp2_fast(reference[row] - next);
        reference[row] = next;
        sum[row] *= correction[row];
      }
    }
  }

  // Brings the output, summed about older references, up to date.
  template <int kOutputs>
  __device__ __forceinline__ void correct(float (&output)[kOutputs]) const {
    if (moved) {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] *= correction[i / 2 % 2];
      }
    }
  }

  // Turns scores into packed weights.
  template <Visibility kVisibility, typename Operands, int kBlocks = Operands::kStepBlocks>
  __device__ __forceinline__ void weigh(
      const typename Operands::Score (&scores)[Operands::kScores], const StepScales<kBlocks>& scales,
      const StepVisible<kBlocks>& visible, const Kept<kBlocks>& kept,
      uint32_t (&weights)[Operands::kWeightRegisters]) {
    float offset[kRows][kBlocks];
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        offset[row][block] = kept.block[block] ? Operands::kWeightExponent - reference[row] : -INFINITY;
      }
    }
    constexpr int kPacked = Operands::kWeightRegisters / (Operands::kScores / 8);
#pragma unroll
    for (int i = 0; i < Operands::kScores / 8; ++i) {
      float w[8];
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const int block = i / 4, row = j / 2 % 2, unit = 2 * (i % 4) + j / 4;
        const float exponent =
            fmaf(static_cast<float>(scores[8 * i + j]), scales[row][block], offset[row][block]);
        if (kVisibility == Visibility::kAll && (Operands::kPolynomial >> j & 1) != 0) {
          w[j] = exp2_polynomial(exponent);
        } else {
          w[j] = exp2_fast(is_visible<kVisibility>(visible, row, block, unit, j % 2) ? exponent : -INFINITY);
        }
      }
      sum[0] += w[0] + w[1] + (w[4] + w[5]);
      sum[1] += w[2] + w[3] + (w[6] + w[7]);
      Operands::pack_weights(weights + kPacked * i, w);
    }
  }
};

}  // namespace reelspark::hopper
