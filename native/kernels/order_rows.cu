// Sorts the rows of each group of heads by their number of selected blocks, most first, so that the last rows that a
// persistent attention kernel takes are short. Groups stay in order: heads of one group share what L2 holds of their
// keys and values.
//
// A counting sort over kClasses classes of counts. Each warp owns consecutive rows, and of a class the rows stay in
// order: the result is the same in every run.
#include "reelspark/preparation.h"

namespace reelspark {
namespace {

constexpr int kThreads = REELSPARK_THREADS;
constexpr int kWarpSize = 32;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kClasses = 256;
constexpr uint32_t kAllLanes = 0xffffffff;
constexpr int kNoClass = -1;

struct Rows {
  const uint32_t* counts;
  int64_t begin;  // of this warp
  int64_t end;
  int64_t key_blocks;

  // Class 0 has the most blocks.
  __device__ int class_of(int64_t row) const {
    return row < end ? kClasses - 1 - static_cast<int>(int64_t{counts[row]} * kClasses / (key_blocks + 1)) : kNoClass;
  }
};

// Calls use(row, class, place of the row among those of its class and warp) for every row of the warp; `totals` counts
// the rows of each class.
template <typename Use>
__device__ void for_each_row(const Rows& rows, uint32_t* totals, const Use& use) {
  const uint32_t lane = threadIdx.x % kWarpSize;
  for (int64_t first = rows.begin; first < rows.end; first += kWarpSize) {
    const int64_t row = first + lane;
    const int own = rows.class_of(row);
    const uint32_t peers = __match_any_sync(kAllLanes, own);
    const uint32_t before = __popc(peers & ((1u << lane) - 1));
    if (own != kNoClass) {
      const uint32_t place = totals[own] + before;
      use(row, place);
      __syncwarp(peers);
      if (before == 0) {
        totals[own] += __popc(peers);
      }
    }
    __syncwarp();
  }
}

__device__ void order_rows(const PreparationArguments& arguments) {
  __shared__ uint32_t places[kWarps][kClasses];
  __shared__ uint32_t class_totals[kClasses];
  const int64_t key_blocks = block_count(arguments.key_tokens, kKeyBlock);
  const int64_t rows_of_group = arguments.heads_per_group * block_count(arguments.query_tokens, kQueryBlock);
  const int64_t first = blockIdx.x * rows_of_group;
  const int warp = threadIdx.x / kWarpSize;
  const int64_t rows_of_warp = block_count(rows_of_group, kWarps);
  const int64_t begin = warp * rows_of_warp < rows_of_group ? warp * rows_of_warp : rows_of_group;
  const int64_t end = begin + rows_of_warp < rows_of_group ? begin + rows_of_warp : rows_of_group;
  const Rows rows = {arguments.counts + first, begin, end, key_blocks};

  for (int i = threadIdx.x; i < kWarps * kClasses; i += kThreads) {
    places[0][i] = 0;
  }
  __syncthreads();
  for_each_row(rows, places[warp], [](int64_t, uint32_t) {});
  __syncthreads();

  // Where the rows of each class and warp begin: first within the class, then past the classes before.
  if (threadIdx.x < kClasses) {
    uint32_t sum = 0;
    for (int w = 0; w < kWarps; ++w) {
      const uint32_t own = places[w][threadIdx.x];
      places[w][threadIdx.x] = sum;
      sum += own;
    }
    class_totals[threadIdx.x] = sum;
  }
  __syncthreads();
  if (warp == 0) {
    uint32_t before = 0;
    for (int c = threadIdx.x; c < kClasses; c += kWarpSize) {
      const uint32_t own = class_totals[c];
      uint32_t sum = own;
      for (int distance = 1; distance < kWarpSize; distance *= 2) {
        const uint32_t other = __shfl_up_sync(kAllLanes, sum, distance);
        sum += static_cast<int>(threadIdx.x) >= distance ? other : 0;
      }
      class_totals[c] = before + sum - own;
      before += __shfl_sync(kAllLanes, sum, kWarpSize - 1);
    }
  }
  __syncthreads();
  if (threadIdx.x < kClasses) {
    for (int w = 0; w < kWarps; ++w) {
      places[w][threadIdx.x] += class_totals[threadIdx.x];
    }
  }
  __syncthreads();
  for_each_row(rows, places[warp], [&](int64_t row, uint32_t place) {
    arguments.row_order[first + place] = static_cast<uint32_t>(first + row);
  });
}

}  // namespace
}  // namespace reelspark

// Grid: order_grid().
extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS)
    order_rows(const __grid_constant__ reelspark::PreparationArguments arguments) {
  reelspark::order_rows(arguments);
}
