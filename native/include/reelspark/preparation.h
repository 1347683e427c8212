// What the preparation kernels are launched with. One call of sparse attention prepares its operands by these launches,
// in this order on one stream, all with the same PreparationArguments:
//
//   0. clear Scratch::cleared bytes at the start of the scratch memory
//   1. prepare_*: prepare_grid() blocks. Smooths, pools, quantises and packs queries, keys and values
//   2. select_blocks_d*: select_grid() blocks with select_shared_bytes(). Chooses the key blocks of every row
//   3. order_rows: order_grid() blocks. Sorts the rows of each group of heads by their number of selected blocks
//
// Dense attention needs the first launch only. The results are those of attention_layout.h; the selection is that of
// the CPU reference, bit for bit for equal pooled blocks.
//
// Values that are not finite. A key or query that holds one has scale NaN (a key: its whole block), so that the rows
// that it meets become NaN; its block is not self-similar and so always kept. A value that is not finite is stored as
// NaN and reaches the rows that attend to it. The mean of the keys and the greatest magnitude of the values are over
// finite numbers, so nothing else is touched. Finite numbers of any size are quantised without overflow, unless a
// smoothed key leaves the range of fp32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reelspark/attention_arguments.h"
#include "reelspark/attention_layout.h"
#include "reelspark/block_layout.h"

namespace reelspark {

enum class SelectionRule : int32_t { kDense = 0, kTopCdf = 1, kTopK = 2 };
enum class Sink : int32_t { kNone = 0, kFirstBlock = 1 };

// How the key blocks of one query head are chosen.
struct HeadSelection {
  SelectionRule rule;
  float amount;                // TopCdf: cumulative probability; TopK: fraction of the admissible blocks
  float similarity_threshold;  // blocks whose self-similarity is not above it are always attended; -1 for no gate
};

// Pairs of blocks of a launch, added to what is there.
struct SelectionStatistics {
  uint64_t admissible_blocks;
  uint64_t selected_blocks;
};

struct PreparationArguments {
  // Inputs: views [batch, head, token, dimension] of one element type, 16-byte aligned, like every stride.
  const void* queries;
  const void* keys;
  const void* values;
  const int32_t* query_order;  // token at each place of the order in which attention works; null for their own
  const int32_t* key_order;

  const HeadSelection* heads;  // [query heads]

  // Results, as in attention_layout.h.
  void* packed_queries;
  void* packed_keys;
  void* packed_values;
  float* query_scales;
  float* key_scales;
  float* value_scales;
  float* log_sum_exp_shift;         // [batch, query head, query blocks * 128]: what smoothing took from the logits; may be null
  uint16_t* ids;
  uint32_t* counts;
  uint32_t* row_order;
  SelectionStatistics* statistics;  // may be null

  uint8_t* scratch;  // Scratch::bytes, 256-byte aligned

  TokenStrides query_strides;  // in elements
  TokenStrides key_strides;
  TokenStrides value_strides;
  int64_t query_tokens;
  int64_t key_tokens;
  int64_t kept_key_tokens;  // the last keys are always attended: text tokens of joint models
  int32_t batch;
  int32_t query_heads;
  int32_t key_heads;        // divides query_heads; consecutive query heads share a key head
  int32_t head_dim;         // a multiple of 8, at most the kernel's
  int32_t heads_per_group;  // query heads of one batch item whose rows are ordered together; divides query_heads
  Masking masking;
  Sink sink;
  float softmax_scale;
};

// A launcher in another language writes these bytes.
static_assert(sizeof(HeadSelection) == 12 && sizeof(SelectionStatistics) == 16);
static_assert(sizeof(PreparationArguments) == 272);
static_assert(offsetof(PreparationArguments, packed_queries) == 48 && offsetof(PreparationArguments, ids) == 104);
static_assert(offsetof(PreparationArguments, query_strides) == 144 && offsetof(PreparationArguments, batch) == 240);

// The blocks of the prepare kernels work on tiles: this many numbers of neighbouring tokens of one head.
constexpr int kTileElements = 8192;

REELSPARK_HOST_DEVICE constexpr int tile_tokens(int kernel_dim) { return kTileElements / kernel_dim; }

// Sums of the keys of so many tiles are added up first, then the sums of these groups.
constexpr int kSumGroup = 32;

// Pooled keys: fp32 in tiles of 32 key blocks, so that neighbouring threads read neighbouring blocks.
constexpr int kPooledTile = 32;

// Place of a dimension of a key block in the pooled keys of its head.
REELSPARK_HOST_DEVICE constexpr int64_t pooled_key_offset(int64_t block, int dimension, int kernel_dim) {
  return (block / kPooledTile * kernel_dim + dimension / 4 * 4) * kPooledTile + block % kPooledTile * 4 + dimension % 4;
}

// Sizes that the grids and the scratch memory depend on. kernel_dim is 64 or 128.
struct PreparationSize {
  int64_t batch;
  int64_t query_heads;
  int64_t key_heads;
  int64_t query_tokens;
  int64_t key_tokens;
  int kernel_dim;

  REELSPARK_HOST_DEVICE constexpr int64_t query_blocks() const { return block_count(query_tokens, kQueryBlock); }
  REELSPARK_HOST_DEVICE constexpr int64_t key_blocks() const { return block_count(key_tokens, kKeyBlock); }
  REELSPARK_HOST_DEVICE constexpr int64_t rows() const { return batch * query_heads * query_blocks(); }
  REELSPARK_HOST_DEVICE constexpr int64_t all_key_heads() const { return batch * key_heads; }
  REELSPARK_HOST_DEVICE constexpr int64_t key_tiles() const { return block_count(key_tokens, tile_tokens(kernel_dim)); }
  REELSPARK_HOST_DEVICE constexpr int64_t sum_groups() const { return block_count(key_tiles(), kSumGroup); }
};

// Tiles of a launch of the prepare kernels: those of keys and values are read twice. See kernels/preparation/schedule.h.
constexpr int64_t prepare_tiles(const PreparationSize& size) {
  return size.all_key_heads() * 4 * size.key_tiles() + size.rows() * (kQueryBlock / tile_tokens(size.kernel_dim));
}

// Blocks share the tiles out among themselves, so that any number of them does; best are as many as the GPU holds at once.
constexpr int64_t prepare_grid(const PreparationSize& size, int64_t resident_blocks) {
  const int64_t tiles = prepare_tiles(size);
  return tiles < resident_blocks ? tiles : resident_blocks;
}

// Rows of one head that a block of the selection kernels works on together, to share the pooled keys: one for each warp,
// fewer when the scores of so many do not fit into shared memory, and again one for each when not even those of one row
// do and they are kept in scratch memory.
constexpr int kSelectRows = 8;
constexpr int kScoreBytes = 12;
constexpr int kMostSharedScores = 90 * 1024 / kScoreBytes;

REELSPARK_HOST_DEVICE constexpr bool scores_in_scratch(int64_t key_blocks) { return key_blocks > kMostSharedScores; }

REELSPARK_HOST_DEVICE constexpr int select_rows(int64_t key_blocks) {
  int rows = kSelectRows;
  while (rows > 1 && rows * key_blocks > kMostSharedScores && !scores_in_scratch(key_blocks)) {
    rows /= 2;
  }
  return rows;
}

// Blocks that share out the rows when their scores lie in scratch memory.
constexpr int kScratchSelectBlocks = 256;

REELSPARK_HOST_DEVICE constexpr int64_t select_groups(const PreparationSize& size) {
  return size.batch * size.query_heads * block_count(size.query_blocks(), select_rows(size.key_blocks()));
}

REELSPARK_HOST_DEVICE constexpr int64_t select_grid(const PreparationSize& size) {
  const int64_t groups = select_groups(size);
  return scores_in_scratch(size.key_blocks()) && groups > kScratchSelectBlocks ? kScratchSelectBlocks : groups;
}

constexpr int select_shared_bytes(const PreparationSize& size) {
  return scores_in_scratch(size.key_blocks())
             ? 0
             : static_cast<int>(select_rows(size.key_blocks()) * size.key_blocks() * kScoreBytes);
}

constexpr int64_t order_grid(const PreparationSize& size, int heads_per_group) {
  return size.batch * (size.query_heads / heads_per_group);
}

// Offsets in bytes inside the scratch memory. Arrays of D floats are multiples of 256 bytes, so that few offsets need
// rounding.
struct Scratch {
  int64_t magnitudes;         // float [batch, key heads, D]: greatest magnitude of each dimension of the values
  int64_t next_tiles;         // uint32 [2]: the next tile to take of each list of the prepare kernels
  int64_t magnitudes_done;    // uint32 [batch, key heads]: tiles of values that are done
  int64_t means_done;         // uint32 [batch, key heads]: 1 when the mean of the keys is there
  int64_t groups_done;        // uint32 [batch, key heads]: groups of sums of keys that are done
  int64_t sums_done;          // uint32 [batch, key heads, sum groups]: sums of the group that are done
  int64_t cleared;            // what lies before must be zero at the launch
  int64_t sums;               // float [batch, key heads, key tiles, D]
  int64_t group_sums;         // float [batch, key heads, sum groups, D]
  int64_t means;              // float [batch, key heads, D]
  int64_t pooled_queries;     // float [rows, D]
  int64_t pooled_keys;        // float [batch, key heads, tiles of blocks, pooled_key_offset]
  int64_t query_similarities; // float [rows]
  int64_t key_similarities;   // float [batch, key heads, key blocks]
  int64_t scores;             // of the selection, where they do not fit into shared memory
  int64_t bytes;

  REELSPARK_HOST_DEVICE constexpr explicit Scratch(const PreparationSize& size)
      : magnitudes(0), next_tiles(0), magnitudes_done(0), means_done(0), groups_done(0), sums_done(0), cleared(0),
        sums(0), group_sums(0), means(0), pooled_queries(0), pooled_keys(0), query_similarities(0),
        key_similarities(0), scores(0), bytes(0) {
    const int64_t heads = size.all_key_heads();
    const int64_t floats_of_heads = heads * size.kernel_dim * 4;
    next_tiles = floats_of_heads;
    magnitudes_done = next_tiles + 256;
    means_done = magnitudes_done + heads * 4;
    groups_done = means_done + heads * 4;
    sums_done = groups_done + heads * 4;
    cleared = aligned(sums_done + heads * size.sum_groups() * 4);
    sums = cleared;
    group_sums = sums + floats_of_heads * size.key_tiles();
    means = group_sums + floats_of_heads * size.sum_groups();
    pooled_queries = means + floats_of_heads;
    pooled_keys = pooled_queries + size.rows() * size.kernel_dim * 4;
    query_similarities = pooled_keys + floats_of_heads * block_count(size.key_blocks(), kPooledTile) * kPooledTile;
    key_similarities = query_similarities + size.rows() * 4;
    scores = aligned(key_similarities + heads * size.key_blocks() * 4);
    const int64_t score_bytes =
        scores_in_scratch(size.key_blocks()) ? select_grid(size) * kSelectRows * size.key_blocks() * kScoreBytes : 0;
    bytes = aligned(scores + score_bytes);
  }

  REELSPARK_HOST_DEVICE static constexpr int64_t aligned(int64_t offset) { return (offset + 255) & ~int64_t{255}; }
};

REELSPARK_HOST_DEVICE constexpr PreparationSize size_of(const PreparationArguments& arguments, int kernel_dim) {
  return {arguments.batch,        arguments.query_heads, arguments.key_heads,
          arguments.query_tokens, arguments.key_tokens,  kernel_dim};
}

}  // namespace reelspark
