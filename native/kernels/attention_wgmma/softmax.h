// Online softmax of 64 queries over one step of keys, in log2 units. A thread holds two rows, 8 apart; the four lanes of
// a quad share them, each with every fourth pair of columns.
#pragma once

#include <cfloat>
#include <climits>
#include <cmath>

#include "barrier.h"
#include "operands.h"

namespace reelspark::hopper {

constexpr int kRows = 2;

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

// What a score is before any was seen: below all, and known as such in maxima.
template <typename Score>
__device__ __forceinline__ constexpr Score lowest_score() {
  if constexpr (sizeof(Score) == sizeof(int32_t) && Score(0.5f) == Score(0)) {
    return INT_MIN;
  } else {
    return -INFINITY;
  }
}

// Factors of the scores, for each row of the thread and each block of the step.
using StepScales = float[kRows][kStepBlocks];

// How many keys of each block the thread's rows see.
using StepVisible = int[kRows][kStepBlocks];

// What the PV threshold says about the step's blocks.
struct Kept {
  bool block[kStepBlocks];

  __device__ __forceinline__ bool any() const { return block[0] || block[1]; }
};

// Whether all keys of a step are visible to all queries of the group.
enum class Visibility { kAll, kSome };

// Running maximum and sum of the thread's rows. The sum is the thread's own share.
struct SoftmaxState {
  float maximum[kRows] = {-INFINITY, -INFINITY};
  float sum[kRows] = {0, 0};
  // What the output and sum so far are worth after the last step.
  float correction[kRows];

  // Greatest scores of the thread's columns of each row and block; -inf where it sees none.
  template <Visibility kVisibility, typename Score>
  static __device__ __forceinline__ void block_maxima(
      const Score (&scores)[kScores], const StepScales& scales, const StepVisible& visible,
      float (&greatest)[kRows][kStepBlocks]) {
    const int column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
#pragma unroll
      for (int block = 0; block < kStepBlocks; ++block) {
        Score raw = lowest_score<Score>();
#pragma unroll
        for (int unit = 0; unit < kKeyBlock / 8; ++unit) {
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            const Score score = scores[32 * block + 4 * unit + 2 * row + j];
            if (kVisibility == Visibility::kAll || column + 8 * unit + j < visible[row][block]) {
              raw = max(raw, score);
            }
          }
        }
        const float scaled = static_cast<float>(raw) * scales[row][block];
        greatest[row][block] = raw == lowest_score<Score>() ? -INFINITY : scaled;
      }
    }
  }

  // Decides for the warpgroup which blocks are worth their exponentials: one is not when for all rows its greatest score
  // lies more than `threshold` below the greatest so far, itself included. Rows past the end have no say.
  __device__ __forceinline__ Kept decide(
      const float (&greatest)[kRows][kStepBlocks], float threshold, const bool (&valid)[kRows], int barrier) const {
    bool keep[kStepBlocks] = {};
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      const float first = quad_max(greatest[row][0]);
      const float so_far = fmaxf(maximum[row], first);
      const float second = quad_max(greatest[row][1]);
      keep[0] |= valid[row] && !(first - so_far < -threshold);
      keep[1] |= valid[row] && !(second - fmaxf(so_far, second) < -threshold);
    }
    // One count carries both votes of the four warps: one lane gives the first, eight lanes the second.
    const bool first = __any_sync(0xffffffff, keep[0]), second = __any_sync(0xffffffff, keep[1]);
    const int lane = threadIdx.x % kWarpSize;
    const int votes = numbered_count(barrier, kWarpgroupSize, lane == 0 ? first : lane <= 8 && second);
    return {{votes % 8 != 0, votes / 8 != 0}};
  }

  // Moves to the new maxima and turns scores into packed weights.
  template <Visibility kVisibility, typename Operands>
  __device__ __forceinline__ void weigh(
      const typename Operands::Score (&scores)[kScores], const StepScales& scales,
      const StepVisible& visible, const float (&greatest)[kRows][kStepBlocks], Kept kept,
      uint32_t (&weights)[Operands::kWeightRegisters]) {
    float offset[kRows][kStepBlocks];
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      const float top = fmaxf(maximum[row], quad_max(fmaxf(greatest[row][0], greatest[row][1])));
      // A row that has seen nothing yet stays at zero weights rather than at -inf - -inf.
      const float reference = top == -INFINITY ? 0.0f : top;
      correction[row] = exp2_fast(maximum[row] - reference);
      maximum[row] = top;
      sum[row] *= correction[row];
#pragma unroll
      for (int block = 0; block < kStepBlocks; ++block) {
        offset[row][block] = kept.block[block] ? Operands::kWeightExponent - reference : -INFINITY;
      }
    }
    const int column = threadIdx.x % 4 * 2;
    constexpr int kPacked = Operands::kWeightRegisters / (kScores / 8);
#pragma unroll
    for (int i = 0; i < kScores / 8; ++i) {
      float w[8];
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const int block = i / 4, row = j / 2 % 2, unit = 2 * (i % 4) + j / 4;
        float exponent = fmaf(static_cast<float>(scores[8 * i + j]), scales[row][block], offset[row][block]);
        if (kVisibility == Visibility::kSome && column + 8 * unit + j % 2 >= visible[row][block]) {
          exponent = -INFINITY;
        }
        w[j] = exp2_fast(exponent);
      }
      sum[0] += w[0] + w[1] + (w[4] + w[5]);
      sum[1] += w[2] + w[3] + (w[6] + w[7]);
      Operands::pack_weights(weights + kPacked * i, w);
    }
  }
};

}  // namespace reelspark::hopper
