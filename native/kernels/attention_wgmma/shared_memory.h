// Shared memory of a pair of warpgroups: two tiles of queries, a ring of stages with keys and values, and their barriers.
#pragma once

#include <cstddef>

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
  float threshold;  // of PV skipping
};

constexpr int32_t kNoMoreTiles = -1;

// How much care the scores of a step need.
enum class StepKind : uint32_t {
  kPlain,      // every query of the group sees every key, no PV threshold
  kThreshold,  // every query of the group sees every key
  kMasked,     // some keys are hidden from some queries
};

// What one group's consumers need to know of the key blocks of a step, as they read it at once.
template <int kBlocks>
struct alignas(8 * kBlocks) StepFactors {
  float scale[kBlocks];
  StepKind kind;
};

template <int kBlocks>
struct StepBlocks {
  StepFactors<kBlocks> factors[kGroups];
  int32_t id[kBlocks];  // the second of two is kNoBlock at the end of an odd list
};

constexpr int32_t kNoBlock = -1;

constexpr int kTileStages = 2;
// Threads of a pair.
constexpr int kConsumers = kGroups * kWarpgroupSize;

// A stage brings the keys and values of a step. Where products overlap it brings the values of one step together with the
// keys of the next, which are multiplied at the same time: the first stage of a tile has keys alone, the last values.
template <typename Operands>
struct SharedMemory {
  static constexpr int kStages = Operands::kStages;
  static constexpr int kKeyBytes = Operands::kStepBlocks * Operands::kBlockBytes;
  static constexpr int kValueBytes = Operands::kStepBlocks * Operands::kValueBytes;
  // Operands first: blocks begin at multiples of 1024 bytes, or of 512 where rows of 64 bytes follow each other, as the
  // period of their swizzle asks.
  static_assert(kKeyBytes % 1024 == 0 && Operands::kValueBytes % (Operands::kOnesRows > 0 ? 512 : 1024) == 0);

  alignas(1024) uint8_t queries[kTileStages][Operands::kQueryBytes];
  uint8_t keys[kStages][kKeyBytes];
  uint8_t values[kStages][kValueBytes];
  // The output where threads have no registers for it: four numbers of each, then the next four.
  float4 outputs[Operands::kOverlap == Overlap::kTwinsProducts ? Operands::kHeadDim / 8 * kConsumers : 1];
  float query_scales[kTileStages][kQueryBlock];
  StepBlocks<Operands::kStepBlocks> steps[kStages];
  Tile tiles[kTileStages];
  uint64_t tile_full[kTileStages], tile_empty[kTileStages];
  uint64_t full[kStages], empty[kStages];

  // All threads together write the rows that no copy overwrites; wgmma sees them after a block barrier.
  __device__ void write_ones() {
    constexpr int kWords = Operands::kOnesRows * kKeyBlock / 16;
    if constexpr (kWords > 0) {
      constexpr uint32_t kOnes = Operands::kOnes;
      for (int i = threadIdx.x; i < kStages * Operands::kStepBlocks * kWords; i += blockDim.x) {
        uint8_t* const block = values[0] + i / kWords * Operands::kValueBytes;
        reinterpret_cast<uint4*>(block + Operands::kBlockBytes)[i % kWords] = {kOnes, kOnes, kOnes, kOnes};
      }
      async_proxy_fence();
    }
  }

  // One thread prepares the barriers. The producer's one arrival fills a stage, those of all consumers empty it.
  __device__ void init_barriers(int consumers) {
    for (int i = 0; i < kTileStages; ++i) {
      barrier_init(shared_address(&tile_full[i]), 1);
      barrier_init(shared_address(&tile_empty[i]), consumers);
    }
    for (int i = 0; i < kStages; ++i) {
      barrier_init(shared_address(&full[i]), 1);
      barrier_init(shared_address(&empty[i]), consumers);
    }
    barrier_init_fence();
  }
};

}  // namespace reelspark::hopper
