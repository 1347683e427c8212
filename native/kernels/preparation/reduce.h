// What all tokens of a head have in common: the mean of its keys, the greatest magnitude of each dimension of its values.
#pragma once

#include "schedule.h"

namespace reelspark::preparation {

// Keys are summed in this unit, so that 2^24 of the greatest floats do not overflow.
constexpr float kSumUnit = 0x1p-24f;

// What is not finite counts as zero.
__device__ inline float finite_part(float value) { return is_finite(value) ? value : 0.0f; }

// Sums of the keys of a tile, in a fixed order: the same input gives the same bits.
template <typename T, int D>
__device__ void sum_keys(const Octets<T, D>& octets, const Tile<D>& tile, float (&warps)[kWarps][D]) {
  using Warp = WarpTokens<D>;
  const auto sums = [&](const auto& number) {
    float total[kOctet] = {};
#pragma unroll
    for (int pass = 0; pass < Warp::kPasses; ++pass) {
#pragma unroll
      for (int i = 0; i < kOctet; ++i) {
        total[i] = fmaf(number(octets[pass][i]), kSumUnit, total[i]);
      }
    }
    return Warp::fold_tokens(total, plus);
  };
  typename Warp::Folded own = sums([](float value) { return value; });
  // Only numbers that are not finite make such a sum. They are rare, so the others need not pay for the choice.
  bool finite = true;
#pragma unroll
  for (int i = 0; i < Warp::kFolded; ++i) {
    finite = finite && is_finite(own.value[i]);
  }
  if (!__all_sync(0xffffffff, finite)) {
    own = sums(finite_part);
  }
  *reinterpret_cast<typename Warp::Folded*>(&warps[warp_number()][Warp::folded_dimension()]) = own;
  sync_workers();
  if (threadIdx.x < D) {
    float total = 0;
#pragma unroll
    for (int warp = 0; warp < kWarps; ++warp) {
      total += warps[warp][threadIdx.x];
    }
    tile.pooled[threadIdx.x] = total;
  }
}

// Greatest finite magnitudes of the values of a tile.
template <typename T, int D>
__device__ void find_magnitudes(const Octets<T, D>& octets, const Tile<D>& tile, Octet<T> (&warps)[kWarps][D / kOctet]) {
  using Warp = WarpTokens<D>;
  using Word = typename Word<T>::Type;
  Octet<T> greatest = {};
#pragma unroll
  for (int i = 0; i < Octet<T>::kWords; ++i) {
#pragma unroll
    for (int pass = 0; pass < Warp::kPasses; ++pass) {
      greatest.word[i] = greater_number(greatest.word[i], magnitude(finite_or_nan(octets[pass].word[i])));
    }
#pragma unroll
    for (int distance = Warp::kLanes; distance < kWarpSize; distance *= 2) {
      const Word other = __shfl_xor_sync(0xffffffff, greatest.word[i], distance);
      greatest.word[i] = greater_number(greatest.word[i], other);
    }
  }
  if (lane_number() < Warp::kLanes) {
    warps[warp_number()][lane_number()] = greatest;
  }
  sync_workers();
  if (threadIdx.x < D) {
    float result = 0;
#pragma unroll
    for (int warp = 0; warp < kWarps; ++warp) {
      result = fmaxf(result, static_cast<float>(reinterpret_cast<const T*>(warps[warp])[threadIdx.x]));
    }
    // The bits of floats that are not negative are ordered like the floats, and a maximum has no order of its own.
    atomicMax(reinterpret_cast<int*>(tile.pooled) + threadIdx.x, __float_as_int(result));
  }
}

// The keeper of accounts: makes known what the workers of this block have done, and completes means.
template <int D>
class Keeper {
 public:
  __device__ explicit Keeper(const PreparationArguments& arguments)
      : scratch_(arguments.scratch), size_(size_of(arguments, D)), offsets_(size_) {}

  // Run by the whole warp after a barrier with the workers.
  __device__ void note(Work work, int64_t head, int64_t index) const {
    if (work == Work::kFindMagnitudes && lane_number() == 0) {
      signal(counter(offsets_.magnitudes_done) + head);
    }
    if (work != Work::kSumKeys) {
      return;
    }
    const int64_t group = head * size_.sum_groups() + index / kSumGroup;
    const int64_t first = index / kSumGroup * kSumGroup;
    const int64_t left = size_.key_tiles() - first;
    const int64_t of_group = left < kSumGroup ? left : kSumGroup;
    if (!is_last(counter(offsets_.sums_done) + group, of_group)) {
      return;
    }
    Own sum = add_up(floats(offsets_.sums) + (head * size_.key_tiles() + first) * D, of_group);
    own_part(floats(offsets_.group_sums) + group * D) = sum;
    if (!is_last(counter(offsets_.groups_done) + head, size_.sum_groups())) {
      return;
    }
    sum = add_up(floats(offsets_.group_sums) + head * size_.sum_groups() * D, size_.sum_groups());
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
      sum.value[i] /= static_cast<float>(size_.key_tokens) * kSumUnit;
    }
    own_part(floats(offsets_.means) + head * D) = sum;
    __syncwarp();
    if (lane_number() == 0) {
      signal(counter(offsets_.means_done) + head);
    }
  }

 private:
  static constexpr int kOwn = D / kWarpSize;
  struct alignas(4 * kOwn) Own {
    float value[kOwn];
  };

  __device__ uint32_t* counter(int64_t offset) const { return reinterpret_cast<uint32_t*>(scratch_ + offset); }
  __device__ float* floats(int64_t offset) const { return reinterpret_cast<float*>(scratch_ + offset); }
  __device__ static Own& own_part(float* vector) { return reinterpret_cast<Own*>(vector)[lane_number()]; }

  // Whether this warp is the last of `count` to be done.
  __device__ static bool is_last(uint32_t* counter, int64_t count) {
    __syncwarp();
    uint32_t before = 0;
    if (lane_number() == 0) {
      before = signal_and_see(counter);
    }
    return __shfl_sync(0xffffffff, before, 0) == count - 1;
  }

  // Sum of vectors of other blocks, in their order.
  __device__ static Own add_up(const float* vectors, int64_t count) {
    Own sum = {};
#pragma unroll 8
    for (int64_t i = 0; i < count; ++i) {
#pragma unroll
      for (int d = 0; d < kOwn; ++d) {
        sum.value[d] += __ldcg(&vectors[i * D + lane_number() * kOwn + d]);
      }
    }
    return sum;
  }

  uint8_t* scratch_;
  PreparationSize size_;
  Scratch offsets_;
};

}  // namespace reelspark::preparation
