// Turns queries, keys and values into the operands of the attention kernels and pools their blocks, in one launch: see
// schedule.h.
#pragma once

#include "copy.h"
#include "pack_values.h"
#include "reduce.h"

namespace reelspark::preparation {

template <typename T, int D>
struct SharedMemory {
  // One for the workers, one that is copied, one that the scheduler describes.
  static constexpr int kTiles = 3;
  Tile<D> tiles[kTiles];
  TileBuffer<T, D> buffer;
  union {
    float warps[kWarps][D];
    Octet<T> magnitudes[kWarps][D / kOctet];
    PoolParts<D> parts;
    ValueTile<D> staged;
  };
};

// The three roles meet at a barrier before every tile: then the one after it is described, and the one before it done.

template <typename T, int D, Format kFormat>
__device__ void schedule(const PreparationArguments& arguments, SharedMemory<T, D>& shared) {
  Scheduler<T, D, kFormat> scheduler(arguments);
  Work work = Work::kNothingYet;
  for (int next = 0; work != Work::kEnd; next = (next + 1) % shared.kTiles) {
    Tile<D>& tile = shared.tiles[next];
    scheduler.describe_next(tile);
    sync_block();
    work = tile.work;
  }
  sync_block();
}

template <typename T, int D>
__device__ void keep_accounts(const PreparationArguments& arguments, const SharedMemory<T, D>& shared) {
  const Keeper<D> keeper(arguments);
  sync_block();
  Work work = Work::kNothingYet;
  int head = 0, index = 0;
  for (int current = 0; work != Work::kEnd; current = (current + 1) % shared.kTiles) {
    sync_block();
    keeper.note(work, head, index);
    const Tile<D>& tile = shared.tiles[current];
    work = tile.work;
    head = tile.head;
    index = tile.index;
  }
}

template <typename T, int D, Format kFormat>
__device__ void work_on_tiles(const PreparationArguments& arguments, SharedMemory<T, D>& shared) {
  sync_block();
  copy_tile<T, D, kFormat>(shared.tiles[0], arguments.head_dim, shared.buffer);
  PoolTotals<D> totals;
  for (int current = 0;; current = (current + 1) % shared.kTiles) {
    sync_block();
    const Tile<D>& tile = shared.tiles[current];
    const Work work = tile.work;
    if (work == Work::kEnd) {
      return;
    }
    Octets<T, D> octets;
    shared.buffer.take(octets);
    copy_tile<T, D, kFormat>(shared.tiles[(current + 1) % shared.kTiles], arguments.head_dim, shared.buffer);
    switch (work) {
      case Work::kSumKeys:
        sum_keys<T, D>(octets, tile, shared.warps);
        break;
      case Work::kFindMagnitudes:
        find_magnitudes<T, D>(octets, tile, shared.magnitudes);
        break;
      case Work::kPackQueries:
        pack_queries<T, D, kFormat>(octets, tile, arguments.softmax_scale, shared.parts, totals);
        break;
      case Work::kPackKeys:
        pack_keys<T, D, kFormat>(octets, tile, shared.parts);
        break;
      case Work::kPackValues:
        if constexpr (kFormat == Format::kInt8E4m3) {
          pack_values_e4m3<T, D>(octets, tile, shared.staged);
        } else {
          pack_values_half<T, D, kFormat>(octets, tile);
        }
        break;
      case Work::kNothingYet:
      case Work::kEnd:
        break;
    }
  }
}

template <typename T, int D, Format kFormat>
__device__ void prepare(const PreparationArguments& arguments) {
  __shared__ SharedMemory<T, D> shared;
  if (warp_number() < kWarps) {
    work_on_tiles<T, D, kFormat>(arguments, shared);
  } else if (warp_number() == kWarps) {
    schedule<T, D, kFormat>(arguments, shared);
  } else {
    keep_accounts<T, D>(arguments, shared);
  }
}

}  // namespace reelspark::preparation

// One entry point for each element type of the inputs and format of the operands. Grid: prepare_grid().
#define PREPARE(name, T, D, format)                                                                        \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS, sizeof(T) == 2 ? 3 : 2)                  \
      name(const __grid_constant__ reelspark::PreparationArguments arguments) {                            \
    reelspark::preparation::prepare<T, D, reelspark::preparation::Format::format>(arguments);              \
  }
#define PREPARE_EACH_FORMAT(D, type, T, half)                         \
  PREPARE(prepare_##type##_to_int8_e4m3_d##D, T, D, kInt8E4m3)        \
  PREPARE(prepare_##type##_to_int8_f16_d##D, T, D, kInt8F16)          \
  PREPARE(prepare_##type##_to_##half##_d##D, T, D, kHalf)
#define PREPARE_EACH_TYPE(D)                          \
  PREPARE_EACH_FORMAT(D, f32, float, bf16)            \
  PREPARE_EACH_FORMAT(D, f16, __half, f16)            \
  PREPARE_EACH_FORMAT(D, bf16, __nv_bfloat16, bf16)
