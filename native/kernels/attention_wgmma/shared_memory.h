// Shared memory of a block: two tiles of queries, a ring of key stages and one of value stages, and their barriers.
#pragma once

#include "barrier.h"
#include "operands.h"

namespace reelspark::hopper {

// A row of work: one query block and its list of key blocks. Consumers have no registers to spare and read it anew
// wherever they need it.
struct Tile {
  int32_t blocks;  // key blocks to go through; kNoMoreTiles after the last tile
  int32_t query_block;
  int32_t head;
  int32_t batch;
  float threshold;               // of PV skipping
  int32_t all_visible[kGroups];  // keys before this one are visible to all queries of the group
};

constexpr int32_t kNoMoreTiles = -1;

// What the consumers need to know of the two key blocks in a stage. The second is kNoBlock at the end of an odd list.
struct alignas(16) StepBlocks {
  int32_t id[kStepBlocks];
  float scale[kStepBlocks];
};

constexpr int32_t kNoBlock = -1;

constexpr int kTileStages = 2;

template <typename Operands>
struct SharedMemory {
  static constexpr int kStages = Operands::kStages;
  static constexpr int kStageBytes = kStepBlocks * Operands::kBlockBytes;

  // Operands first: swizzled blocks begin at multiples of 1024 bytes.
  alignas(1024) uint8_t queries[kTileStages][Operands::kQueryBytes];
  uint8_t keys[kStages][kStageBytes];
  uint8_t values[kStages][kStageBytes];
  float query_scales[kTileStages][kQueryBlock];
  StepBlocks steps[kStages];
  Tile tiles[kTileStages];
  uint64_t tile_full[kTileStages], tile_empty[kTileStages];
  uint64_t keys_full[kStages], keys_empty[kStages];
  uint64_t values_full[kStages], values_empty[kStages];

  // One thread prepares the barriers. The producer's one arrival opens a stage, each consumer warp's closes it.
  __device__ void init_barriers(int consumer_warps) {
    for (int i = 0; i < kTileStages; ++i) {
      barrier_init(shared_address(&tile_full[i]), 1);
      barrier_init(shared_address(&tile_empty[i]), consumer_warps);
    }
    for (int i = 0; i < kStages; ++i) {
      barrier_init(shared_address(&keys_full[i]), 1);
      barrier_init(shared_address(&keys_empty[i]), consumer_warps);
      barrier_init(shared_address(&values_full[i]), 1);
      barrier_init(shared_address(&values_empty[i]), consumer_warps);
    }
    barrier_init_fence();
  }
};

}  // namespace reelspark::hopper
