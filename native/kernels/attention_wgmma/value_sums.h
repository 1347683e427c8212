// What weights times values add up to for a thread of a warpgroup, and how it becomes the output of a tile.
//
// The tensor core adds 16-bit products with care, so that it may add them to the output itself. Of 8-bit ones it makes short
// sums, which are added to the output from time to time: in registers, or, where these do not hold both, in shared memory,
// where each thread finds its own numbers.
#pragma once

#include "shared_memory.h"
#include "softmax.h"

namespace reelspark::hopper {

template <typename Operands>
class ValueSums {
  static constexpr int kOutputs = Operands::kHeadDim / 2;
  static constexpr bool kPromotes = Operands::kPromotes;
  static constexpr bool kShared = Operands::kOverlap == Overlap::kTwinsProducts;
  static_assert(kPromotes || !kShared);

 public:
  __device__ __forceinline__ explicit ValueSums(SharedMemory<Operands>& shared) : shared_(shared) {
    clear(sums_);
    if constexpr (kShared) {
      pending_[0] = pending_[1] = 1;
#pragma unroll
      for (int i = 0; i < kOutputs / 4; ++i) {
        four(i) = {0, 0, 0, 0};
      }
    } else {
      clear(output_);
    }
  }

  __device__ __forceinline__ void issue(const uint32_t (&weights)[Operands::kWeightRegisters], uint32_t values) {
    wgmma_fence();
    Operands::issue_values(sums_, weights, values);
    wgmma_commit();
  }

  // Completes all that was issued.
  __device__ __forceinline__ void finish() {
    wgmma_wait<0>();
    wgmma_settle(sums_);
  }

  // Follows a move of the references with all that was summed before, but for what finish() has to complete first.
  __device__ __forceinline__ void follow(const Move& move) {
    if constexpr (kShared) {
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        pending_[row] *= move.correction[row];
      }
    } else if constexpr (kPromotes) {
      move.correct(output_);
    }
  }

  // The rest of it.
  __device__ __forceinline__ void follow_finished(const Move& move) { move.correct(sums_); }

  // Adds sums to the output, and those of the weights where they belong.
  __device__ __forceinline__ void promote(SoftmaxState& softmax) {
    if constexpr (!kPromotes) {
      return;
    } else if constexpr (kShared) {
#pragma unroll
      for (int i = 0; i < kOutputs / 4; ++i) {
        const float4 before = four(i);
        four(i) = {
            fmaf(before.x, pending_[0], sums_[4 * i]), fmaf(before.y, pending_[0], sums_[4 * i + 1]),
            fmaf(before.z, pending_[1], sums_[4 * i + 2]), fmaf(before.w, pending_[1], sums_[4 * i + 3])};
      }
      pending_[0] = pending_[1] = 1;
    } else {
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output_[i] += sums_[i];
      }
    }
    if constexpr (kPromotes) {
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        // All columns of ones hold the same.
        softmax.sum[row] += sums_[kOutputs + 2 * row];
      }
      clear(sums_);
    }
  }

  // The output as wgmma leaves it, once all is finished. Nothing can be summed afterwards.
  __device__ __forceinline__ void collect(SoftmaxState& softmax, float (&output)[kOutputs]) {
    if constexpr (kShared) {
#pragma unroll
      for (int i = 0; i < kOutputs / 4; ++i) {
        const float4 before = four(i);
        output[4 * i] = fmaf(before.x, pending_[0], sums_[4 * i]);
        output[4 * i + 1] = fmaf(before.y, pending_[0], sums_[4 * i + 1]);
        output[4 * i + 2] = fmaf(before.z, pending_[1], sums_[4 * i + 2]);
        output[4 * i + 3] = fmaf(before.w, pending_[1], sums_[4 * i + 3]);
      }
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        softmax.sum[row] += sums_[kOutputs + 2 * row];
      }
    } else {
      promote(softmax);
#pragma unroll
      for (int i = 0; i < kOutputs; ++i) {
        output[i] = kPromotes ? output_[i] : sums_[i];
      }
    }
  }

 private:
  template <int kCount>
  static __device__ __forceinline__ void clear(float (&numbers)[kCount]) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      numbers[i] = 0;
    }
  }

  __device__ __forceinline__ float4& four(int i) const {
    return shared_.outputs[i * kConsumers + threadIdx.x % kConsumers];
  }

  SharedMemory<Operands>& shared_;
  // What matrix instructions add to.
  float sums_[Operands::kSums];
  float output_[kPromotes && !kShared ? kOutputs : 1];
  // What the output in shared memory has still to be multiplied by, for moves of the references since it was written.
  float pending_[kRows];
};

}  // namespace reelspark::hopper
