// Shapes of the portable attention kernel: how the 128 x 64 score tile is cut for its operand formats.
#pragma once

#include <type_traits>

#include "instructions.h"
#include "reelspark/mma_fragments.h"

namespace reelspark::mma {

// A warp works on 32 queries: each key and value fragment it reads from shared memory serves two products, without
// which shared memory, not the tensor cores, would set the pace.
constexpr int kRowTiles = 2;
constexpr int kWarpQueries = kRowTiles * kMmaRows;
constexpr int kWarps = kQueryBlock / kWarpQueries;
constexpr int kThreads = kWarps * 32;
constexpr int kKeyTiles = kKeyBlock / kMmaColumns;

// QkElement: Int8, __half or __nv_bfloat16, PvElement: E4m3, __half or __nv_bfloat16.
template <typename QkElement, typename PvElement, int D>
struct Tile {
  static constexpr bool kInt8 = std::is_same_v<QkElement, Int8>;
  static constexpr bool kE4m3 = std::is_same_v<PvElement, E4m3>;

  // Queries and keys: panels of rows, one row for each token.
  static constexpr int kQkBytes = D * (kInt8 ? 1 : 2);
  static constexpr int kQkRowBytes = kQkBytes < 128 ? kQkBytes : 128;
  static constexpr int kQkSteps = kQkBytes / kStepBytes;
  static constexpr int kQueryBlockBytes = kQueryBlock * kQkBytes;
  static constexpr int kKeyBlockBytes = kKeyBlock * kQkBytes;

  static constexpr int kValueBlockBytes = kKeyBlock * D * (kE4m3 ? 1 : 2);
  static constexpr int kValueTiles = D / kMmaColumns;

  // The output of 128 dimensions takes half of a thread's registers. What is left should hold fragments on their way
  // from shared memory, so addresses are computed and scales read anew for each block; 64 dimensions leave room.
  static constexpr bool kSpareRegisters = D == 64;

  static constexpr int kStages = 2;
  static constexpr int kStageBytes = kKeyBlockBytes + kValueBlockBytes;

  // Queries, stages, scales of queries.
  static constexpr int kScalesBegin = kQueryBlockBytes + kStages * kStageBytes;
  static constexpr int kScaleBytes = kInt8 && !kSpareRegisters ? kQueryBlock * static_cast<int>(sizeof(float)) : 0;
  static constexpr int kSharedBytes = kScalesBegin + kScaleBytes;
  // The output passes through the stages on its way to memory.
  static_assert(kStages * kStageBytes >= kQueryBlock * D * 2);

  // Thread blocks that share a multiprocessor, so that one multiplies matrices while the other computes exponentials.
  static constexpr int kBlocksPerProcessor = 2;
};

}  // namespace reelspark::mma
