// Chooses the key blocks that each query block attends to (SpargeAttn, arXiv 2502.18137, section 3.3). A thread block
// scores a few neighbouring rows of one head against all its key blocks; then each warp ranks and selects for one row.
//
// Scores are rounded after every product and sum, in the order of dimensions, as the CPU reference does it: equal pooled
// blocks give equal lists.
#include "reelspark/preparation.h"
#include "reelspark/row_geometry.h"
#include "selection/held_row.h"
#include "selection/rank.h"

namespace reelspark::selection {
namespace {

constexpr int kThreads = REELSPARK_THREADS;
static_assert(kThreads / kWarpSize == kSelectRows);

// Scores of rows of one thread block: the weights of all rows, then the keys of all rows.
__device__ RankedRow row_of_scores(uint8_t* scores, int rows, int row, int64_t key_blocks, int admissible) {
  uint64_t* const weights = reinterpret_cast<uint64_t*>(scores);
  uint32_t* const keys = reinterpret_cast<uint32_t*>(weights + rows * key_blocks);
  return {weights + row * key_blocks, keys + row * key_blocks, admissible};
}

// What the rows of a thread block share.
struct HeadBlocks {
  HeadSelection selection;
  const float* pooled;        // keys
  const float* similarities;  // of key blocks
  float scale;
};

// Keys of kAtOnce key blocks, of which a thread has `first` and those kThreads after it, in all rows.
template <int D, int kAtOnce>
__device__ void score_blocks(const HeadBlocks& head, const float (*queries)[D], int rows, int key_blocks, int first,
                             uint8_t* scores, int64_t stride) {
  const float* keys[kAtOnce];
#pragma unroll
  for (int i = 0; i < kAtOnce; ++i) {
    const int block = first + i * kThreads;
    keys[i] = head.pooled + pooled_key_offset(block < key_blocks ? block : key_blocks - 1, 0, D);
  }
  float sum[kAtOnce][kSelectRows] = {};
#pragma unroll 4
  for (int dimension = 0; dimension < D; dimension += 4) {
    float4 key[kAtOnce];
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      key[i] = __ldg(reinterpret_cast<const float4*>(keys[i] + dimension * kPooledTile));
    }
#pragma unroll
    for (int row = 0; row < kSelectRows; ++row) {
      const float4 query = *reinterpret_cast<const float4*>(&queries[row][dimension]);
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        sum[i][row] = __fadd_rn(sum[i][row], __fmul_rn(query.x, key[i].x));
        sum[i][row] = __fadd_rn(sum[i][row], __fmul_rn(query.y, key[i].y));
        sum[i][row] = __fadd_rn(sum[i][row], __fmul_rn(query.z, key[i].z));
        sum[i][row] = __fadd_rn(sum[i][row], __fmul_rn(query.w, key[i].w));
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kAtOnce; ++i) {
    const int block = first + i * kThreads;
    if (block < key_blocks) {
      const bool similar = head.similarities[block] > head.selection.similarity_threshold;
#pragma unroll
      for (int row = 0; row < kSelectRows; ++row) {
        if (row < rows) {
          row_of_scores(scores, rows, row, stride, 0).keys[block] =
              similar ? rank_key(__fmul_rn(sum[i][row], head.scale)) : kUnranked;
        }
      }
    }
  }
}

// Keys of all key blocks in all rows, two blocks at a time where a warp has as many.
template <int D>
__device__ void score_rows(const HeadBlocks& head, const float (*queries)[D], int rows, int key_blocks, uint8_t* scores,
                           int64_t stride) {
  for (int first = threadIdx.x; first / kWarpSize * kWarpSize < key_blocks; first += 2 * kThreads) {
    if (first / kWarpSize * kWarpSize + kThreads < key_blocks) {
      score_blocks<D, 2>(head, queries, rows, key_blocks, first, scores, stride);
    } else {
      score_blocks<D, 1>(head, queries, rows, key_blocks, first, scores, stride);
    }
  }
}

struct Ranked {
  int count;
  uint32_t first;  // least and greatest key
  uint32_t last;
};

__device__ Ranked ranked_blocks(const RankedRow& row) {
  int count = 0;
  uint32_t first = kAllLanes, last = 0;
  for (int block = threadIdx.x % kWarpSize; block < row.blocks; block += kWarpSize) {
    const uint32_t key = row.keys[block];
    if (key < kUnranked) {
      ++count;
      first = min(first, key);
      last = max(last, key);
    }
  }
  return {__reduce_add_sync(kAllLanes, count), __reduce_min_sync(kAllLanes, first),
          __reduce_max_sync(kAllLanes, last)};
}

// Which ranked blocks the rule chooses. Fills in weights where it needs them.
__device__ Lead choose(const RankedRow& row, const HeadSelection& selection) {
  const Ranked ranked = ranked_blocks(row);
  if (ranked.count == 0) {
    return {0, 0};
  }
  const bool top_k = selection.rule == SelectionRule::kTopK;
  // Of k, the product is in float, so that a fraction of 0.1 of ten blocks is one block.
  const uint32_t blocks_to_take =
      static_cast<uint32_t>(ceilf(__fmul_rn(selection.amount, static_cast<float>(row.blocks))));
  const bool held = row.blocks <= kMostHeldBlocks;
  if (top_k && held) {
    return HeldKeys(row).lead(min(blocks_to_take, static_cast<uint32_t>(ranked.count)), ranked.first, ranked.last);
  }
  const float greatest = score_of(ranked.first);
  uint64_t total = 0;
#pragma unroll 2
  for (int block = threadIdx.x % kWarpSize; block < row.blocks; block += kWarpSize) {
    const uint32_t key = row.keys[block];
    const uint64_t own = key >= kUnranked ? 0 : top_k ? 1 : weight(key, greatest);
    row.weights[block] = own;
    total += own;
  }
  __syncwarp();
  total = sum_over_warp(total);
  const uint64_t rule_target =
      top_k ? blocks_to_take : __double2ull_ru(static_cast<double>(selection.amount) * static_cast<double>(total));
  const uint64_t target = rule_target < total ? rule_target : total;
  return held ? lead_of_weight(HeldRow(row), target, ranked.first, ranked.last)
              : lead_of_weight(row, target, ranked.first, ranked.last);
}

// Writes the chosen blocks, ascending. Returns their number.
__device__ uint32_t write_chosen(const RankedRow& row, Lead lead, int kept, bool sink, uint16_t* ids) {
  const uint32_t lane = threadIdx.x % kWarpSize;
  const uint32_t lanes_before = (1u << lane) - 1;
  uint32_t count = 0, ties = 0;
  for (int first = 0; first < row.blocks; first += kWarpSize) {
    const int block = first + static_cast<int>(lane);
    const bool real = block < row.blocks;
    const uint32_t key = real ? row.keys[block] : 0;
    const uint32_t tied = __ballot_sync(kAllLanes, real && key == lead.key);
    const bool chosen = real && (key < lead.key || key >= kUnranked || block >= kept || (sink && block == 0) ||
                                 (key == lead.key && ties + __popc(tied & lanes_before) < lead.ties));
    const uint32_t all = __ballot_sync(kAllLanes, chosen);
    if (chosen) {
      ids[count + __popc(all & lanes_before)] = static_cast<uint16_t>(block);
    }
    count += __popc(all);
    ties += __popc(tied);
  }
  return count;
}

__device__ uint32_t write_all(int admissible, uint16_t* ids) {
  for (int block = threadIdx.x % kWarpSize; block < admissible; block += kWarpSize) {
    ids[block] = static_cast<uint16_t>(block);
  }
  return static_cast<uint32_t>(admissible);
}

// Rows `first` .. `first + rows - 1` of query head `query_head` of all batch items.
template <int D>
__device__ void select_rows_of_head(
    const PreparationArguments& arguments, const PreparationSize& size, const Scratch& offsets, int64_t query_head,
    int64_t first, int rows, uint8_t* scores, float (*queries)[D]) {
  const int64_t batch = query_head / size.query_heads;
  const int64_t key_head =
      batch * size.key_heads + query_head % size.query_heads / (size.query_heads / size.key_heads);
  const int64_t key_blocks = size.key_blocks();
  const HeadBlocks head = {
      arguments.heads[query_head % size.query_heads],
      reinterpret_cast<const float*>(arguments.scratch + offsets.pooled_keys) +
          key_head * block_count(key_blocks, kPooledTile) * kPooledTile * D,
      reinterpret_cast<const float*>(arguments.scratch + offsets.key_similarities) + key_head * key_blocks,
      arguments.softmax_scale};
  const int64_t first_row = query_head * size.query_blocks() + first;
  const auto geometry = [&](int row) {
    return row_geometry(first + row, size.query_tokens, size.key_tokens, arguments.masking, arguments.kept_key_tokens);
  };

  const bool dense = head.selection.rule == SelectionRule::kDense;
  if (!dense) {
    const float* const pooled = reinterpret_cast<const float*>(arguments.scratch + offsets.pooled_queries);
    for (int i = threadIdx.x; i < kSelectRows * D; i += kThreads) {
      queries[i / D][i % D] = i / D < rows ? pooled[first_row * D + i] : 0.0f;
    }
    __syncthreads();
    // Later rows see no fewer blocks.
    score_rows<D>(head, queries, rows, static_cast<int>(geometry(rows - 1).admissible), scores, key_blocks);
    __syncthreads();
  }

  const int own = threadIdx.x / kWarpSize;
  if (own < rows) {
    const int64_t row = first_row + own;
    const RowGeometry blocks = geometry(own);
    const int admissible = static_cast<int>(blocks.admissible);
    uint16_t* const ids = arguments.ids + row * key_blocks;
    const float similarity = reinterpret_cast<const float*>(arguments.scratch + offsets.query_similarities)[row];
    uint32_t count;
    if (dense || !(similarity > head.selection.similarity_threshold)) {
      count = write_all(admissible, ids);
    } else {
      const RankedRow ranked = row_of_scores(scores, rows, own, key_blocks, admissible);
      const Lead lead = choose(ranked, head.selection);
      count = write_chosen(ranked, lead, static_cast<int>(blocks.kept), arguments.sink == Sink::kFirstBlock, ids);
    }
    if (threadIdx.x % kWarpSize == 0) {
      arguments.counts[row] = count;
      if (arguments.statistics != nullptr) {
        using Counter = unsigned long long;
        atomicAdd(reinterpret_cast<Counter*>(&arguments.statistics->admissible_blocks), static_cast<Counter>(admissible));
        atomicAdd(reinterpret_cast<Counter*>(&arguments.statistics->selected_blocks), static_cast<Counter>(count));
      }
    }
  }
}

template <int D>
__device__ void select_blocks(const PreparationArguments& arguments) {
  extern __shared__ __align__(16) uint8_t shared_scores[];
  __shared__ alignas(16) float queries[kSelectRows][D];
  const PreparationSize size = size_of(arguments, D);
  const Scratch offsets(size);
  const int64_t key_blocks = size.key_blocks();
  uint8_t* const scores =
      scores_in_scratch(key_blocks)
          ? arguments.scratch + offsets.scores + blockIdx.x * (kSelectRows * key_blocks * kScoreBytes)
          : shared_scores;
  const int rows_at_once = select_rows(key_blocks);
  const int64_t groups_of_head = block_count(size.query_blocks(), rows_at_once);
  for (int64_t group = blockIdx.x; group < select_groups(size); group += gridDim.x) {
    const int64_t first = group % groups_of_head * rows_at_once;
    const int64_t left = size.query_blocks() - first;
    select_rows_of_head<D>(arguments, size, offsets, group / groups_of_head, first,
                           static_cast<int>(left < rows_at_once ? left : rows_at_once), scores, queries);
    __syncthreads();
  }
}

}  // namespace
}  // namespace reelspark::selection

// Grid: select_grid(), with select_shared_bytes(). Lists the selected blocks of every row in ids and counts.
#define SELECT_BLOCKS(name, D)                                                     \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS, 3)                             \
      name(const __grid_constant__ reelspark::PreparationArguments arguments) {    \
    reelspark::selection::select_blocks<D>(arguments);                             \
  }
SELECT_BLOCKS(select_blocks_d64, 64)
SELECT_BLOCKS(select_blocks_d128, 128)
