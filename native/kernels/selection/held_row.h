// Ranking of rows short enough for the registers of a warp.
#pragma once

#include "rank.h"

namespace reelspark::selection {

constexpr int kMostHeldBlocks = 512;
constexpr int kHeldOfLane = kMostHeldBlocks / kWarpSize;

// Keys of the admissible key blocks of one row, block n in lane n % 32.
class HeldKeys {
 public:
  __device__ explicit HeldKeys(const RankedRow& row) {
#pragma unroll
    for (int i = 0; i < kHeldOfLane; ++i) {
      const int block = i * kWarpSize + static_cast<int>(threadIdx.x % kWarpSize);
      keys_[i] = block < row.blocks ? row.keys[block] : kUnranked;
    }
  }

  __device__ uint32_t operator[](int i) const { return keys_[i]; }

  // The lead of `target` blocks, at most as many as are ranked, whose keys lie in first .. last. Mostly some key parts that
  // many from the others long before the search comes down to one.
  __device__ Lead lead(uint32_t target, uint32_t first, uint32_t last) const {
    uint32_t below = 0;
    while (first < last) {
      const uint32_t middle = first + (last - first) / 2;
      const uint32_t count = count_up_to(middle);
      if (count == target) {
        return {middle + 1, 0};
      }
      if (count > target) {
        last = middle;
      } else {
        first = middle + 1;
        below = count;
      }
    }
    return {first, target - below};
  }

 private:
  __device__ uint32_t count_up_to(uint32_t key) const {
    uint32_t count = 0;
#pragma unroll
    for (int i = 0; i < kHeldOfLane; ++i) {
      count += keys_[i] <= key ? 1 : 0;
    }
    return __reduce_add_sync(kAllLanes, count);
  }

  uint32_t keys_[kHeldOfLane];
};

// The same with their weights.
class HeldRow {
 public:
  __device__ explicit HeldRow(const RankedRow& row) : keys_(row) {
#pragma unroll
    for (int i = 0; i < kHeldOfLane; ++i) {
      const int block = i * kWarpSize + static_cast<int>(threadIdx.x % kWarpSize);
      weights_[i] = block < row.blocks ? row.weights[block] : 0;
    }
  }

  // Calls use(key, weight) for the blocks of this lane.
  template <typename Use>
  __device__ void each(const Use& use) const {
#pragma unroll
    for (int i = 0; i < kHeldOfLane; ++i) {
      use(keys_[i], weights_[i]);
    }
  }

 private:
  HeldKeys keys_;
  uint64_t weights_[kHeldOfLane];
};

}  // namespace reelspark::selection
