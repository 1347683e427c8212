// What all tokens of a head have in common: the mean of its keys, the greatest magnitude of each dimension of its values.
#pragma once

#include "signals.h"
#include "tokens.h"

namespace reelspark::preparation {

// Keys are summed in this unit, so that 2^24 of the greatest floats do not overflow.
constexpr float kSumUnit = 0x1p-24f;

// What is not finite counts as zero.
__device__ inline float finite_part(float value) { return is_finite(value) ? value : 0.0f; }

// Folds kReduceTokens tokens into one number for each dimension, kept by thread `dimension`; other threads get garbage.
// The order is fixed: the same input gives the same bits.
template <typename T, int D, typename Accumulate, typename Combine>
__device__ float fold_tokens(
    const HeadView<T>& view, int64_t first, float (*warps)[D], const Accumulate& accumulate, const Combine& combine) {
  constexpr int kLanes = D / kOctet;
  constexpr int kAtOnce = kThreads / kLanes;
  const int dimension = threadIdx.x % kLanes * kOctet;
  float total[kOctet] = {};
#pragma unroll (sizeof(T) == 2 ? 8 : 4)
  for (int pass = 0; pass < kReduceTokens / kAtOnce; ++pass) {
    const Octet<T> octet =
        view.template load<Reuse::kSoon>(first + pass * kAtOnce + threadIdx.x / kLanes, dimension);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      total[i] = accumulate(total[i], octet[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
#pragma unroll
    for (int distance = kLanes; distance < kWarpSize; distance *= 2) {
      total[i] = combine(total[i], __shfl_xor_sync(0xffffffff, total[i], distance));
    }
    if (threadIdx.x % kWarpSize < kLanes) {
      warps[threadIdx.x / kWarpSize][dimension + i] = total[i];
    }
  }
  __syncthreads();
  float result = 0;
  if (threadIdx.x < D) {
#pragma unroll
    for (int warp = 0; warp < kWarps; ++warp) {
      result = combine(result, warps[warp][threadIdx.x]);
    }
  }
  return result;
}

// Mean of the keys from the sums of all reductions. Several rows of threads read them, so that more loads are under
// way.
template <int D>
__device__ void finish_mean(const float* sums, int64_t reductions, int64_t tokens, float (*parts)[D], float* mean) {
  constexpr int kParts = kThreads / D;
  const int dimension = threadIdx.x % D;
  float sum = 0;
#pragma unroll 16
  for (int64_t i = threadIdx.x / D; i < reductions; i += kParts) {
    sum += __ldcg(&sums[i * D + dimension]);
  }
  parts[threadIdx.x / D][dimension] = sum;
  __syncthreads();
  if (threadIdx.x < D) {
    float total = 0;
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      total += parts[part][threadIdx.x];
    }
    mean[threadIdx.x] = total / (static_cast<float>(tokens) * kSumUnit);
  }
}

// Sums kReduceTokens keys; the last block of a head to do so completes the mean.
template <typename T, int D>
__device__ void sum_keys(const HeadView<T>& keys, int64_t head, int64_t reduction, const PreparationSize& size,
                         const Scratch& offsets, uint8_t* scratch, float (*warps)[D]) {
  const int64_t first = reduction * kReduceTokens;
  float sum = fold_tokens<T, D>(
      keys, first, warps, [](float total, float value) { return fmaf(value, kSumUnit, total); }, plus);
  // Only numbers that are not finite make such a sum. They are rare, so the others need not pay for the choice.
  if (__syncthreads_or(threadIdx.x < D && !is_finite(sum))) {
    sum = fold_tokens<T, D>(
        keys, first, warps, [](float total, float value) { return fmaf(finite_part(value), kSumUnit, total); }, plus);
  }
  float* const sums = reinterpret_cast<float*>(scratch + offsets.sums) + head * size.reductions() * D;
  if (threadIdx.x < D) {
    sums[reduction * D + threadIdx.x] = sum;
  }
  if (signal(reinterpret_cast<uint32_t*>(scratch + offsets.sums_done) + head) == size.reductions() - 1) {
    finish_mean<D>(sums, size.reductions(), size.key_tokens, warps,
                   reinterpret_cast<float*>(scratch + offsets.means) + head * D);
    signal(reinterpret_cast<uint32_t*>(scratch + offsets.means_done) + head);
  }
}

// Greatest finite magnitudes of kReduceTokens values.
template <typename T, int D>
__device__ void find_magnitudes(const HeadView<T>& values, int64_t head, int64_t reduction, const Scratch& offsets,
                                uint8_t* scratch, float (*warps)[D]) {
  const int64_t first = reduction * kReduceTokens;
  // The maximum leaves out NaN of its own.
  float magnitude = fold_tokens<T, D>(
      values, first, warps, [](float greatest, float value) { return fmaxf(greatest, fabsf(value)); }, fmaxf);
  if (__syncthreads_or(threadIdx.x < D && !is_finite(magnitude))) {
    magnitude = fold_tokens<T, D>(
        values, first, warps,
        [](float greatest, float value) { return fmaxf(greatest, fabsf(finite_part(value))); }, fmaxf);
  }
  if (threadIdx.x < D) {
    // The bits of floats that are not negative are ordered like the floats, and a maximum has no order of its own.
    atomicMax(reinterpret_cast<int*>(scratch + offsets.magnitudes) + head * D + threadIdx.x,
              __float_as_int(magnitude));
  }
  signal(reinterpret_cast<uint32_t*>(scratch + offsets.magnitudes_done) + head);
}

}  // namespace reelspark::preparation
