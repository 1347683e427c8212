// Ranking of the key blocks of one row by one warp: by descending score, of equal scores the lower block first.
#pragma once

#include <cstdint>

namespace reelspark::selection {

constexpr int kWarpSize = 32;
constexpr uint32_t kAllLanes = 0xffffffff;

// Smaller for greater scores; both zeros are equal. Scores that are not finite have keys from kUnranked on.
constexpr uint32_t kUnranked = 0xff800000;

__device__ inline uint32_t rank_key(float score) {
  if (!(fabsf(score) <= 3.402823466e38f)) {
    return kUnranked;
  }
  const uint32_t bits = __float_as_uint(score + 0.0f);
  return ~(bits ^ (static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000));
}

__device__ inline float score_of(uint32_t key) {
  const uint32_t ordered = ~key;
  return __uint_as_float(ordered & 0x80000000 ? ordered ^ 0x80000000 : ~ordered);
}

// Softmax weights count in units of 2^-47 of the greatest: integers add up to the same sum in any order, and 65536 of
// them fit into 64 bits. Weights below half a unit count as nothing.
constexpr double kWeightUnits = 0x1p47;

__device__ inline uint64_t weight(uint32_t key, float greatest) {
  return __double2ull_rn(exp(static_cast<double>(score_of(key)) - static_cast<double>(greatest)) * kWeightUnits);
}

// In parts whose sums fit into 32 bits.
__device__ inline uint64_t sum_over_warp(uint64_t value) {
  constexpr int kPart = 22;
  constexpr uint32_t kMask = (1u << kPart) - 1;
  const uint64_t low = __reduce_add_sync(kAllLanes, static_cast<uint32_t>(value) & kMask);
  const uint64_t middle = __reduce_add_sync(kAllLanes, static_cast<uint32_t>(value >> kPart) & kMask);
  const uint64_t high = __reduce_add_sync(kAllLanes, static_cast<uint32_t>(value >> 2 * kPart));
  return low + (middle << kPart) + (high << 2 * kPart);
}

// The leading blocks of a row: those with keys below `key`, and the first `ties` of those with that key.
struct Lead {
  uint32_t key;
  uint32_t ties;
};

// Keys and weights of the admissible key blocks of one row, in shared or scratch memory; a block may carry any weight.
struct RankedRow {
  uint64_t* weights;
  uint32_t* keys;
  int blocks;

  // Calls use(key, weight) for the blocks of this lane.
  template <typename Use>
  __device__ void each(const Use& use) const {
#pragma unroll 4
    for (int block = threadIdx.x % kWarpSize; block < blocks; block += kWarpSize) {
      use(keys[block], weights[block]);
    }
  }
};

// The smallest lead that weighs at least `target`, which is positive and at most the weight of all ranked blocks, whose
// keys lie in first .. last. The search goes from key to key of the row, so that no step is spent between two of them.
template <typename Row>
__device__ Lead lead_of_weight(const Row& row, uint64_t target, uint32_t first, uint32_t last) {
  uint64_t below = 0;
  while (first < last) {
    const uint32_t middle = first + (last - first) / 2;
    uint64_t weight = 0;
    row.each([&](uint32_t key, uint64_t own) { weight += key <= middle ? own : 0; });
    weight = sum_over_warp(weight);
    if (weight >= target) {
      uint32_t greatest = 0;
      row.each([&](uint32_t key, uint64_t) { greatest = key <= middle ? max(greatest, key) : greatest; });
      last = __reduce_max_sync(kAllLanes, greatest);
    } else {
      uint32_t least = kUnranked;
      row.each([&](uint32_t key, uint64_t) { least = key > middle ? min(least, key) : least; });
      first = __reduce_min_sync(kAllLanes, least);
      below = weight;
    }
  }
  // Blocks of one score weigh the same.
  uint32_t low = 0, high = 0;
  row.each([&](uint32_t key, uint64_t own) {
    low |= key == first ? static_cast<uint32_t>(own) : 0;
    high |= key == first ? static_cast<uint32_t>(own >> 32) : 0;
  });
  const uint64_t tie =
      static_cast<uint64_t>(__reduce_or_sync(kAllLanes, high)) << 32 | __reduce_or_sync(kAllLanes, low);
  return {first, static_cast<uint32_t>((target - below + tie - 1) / tie)};
}

}  // namespace reelspark::selection
