// Which tile a block works on next. One warp of each block, the scheduler, chooses tiles ahead of the workers, so that the
// copies of a tile run while the workers are on the one before; another, the keeper of accounts, tells other blocks what
// the workers have done.
//
// Tiles lie in two lists, one key head after the other:
//   independent: the head's keys, to be summed; its values, to find their greatest magnitudes; its queries, to be packed
//   dependent:   the keys again, to be packed, for which their mean is needed; the values again, for which the greatest
//                magnitudes are. Queries too, when they are to be multiplied with the mean
// A block takes one dependent tile and works on independent ones until what the dependent one needs is there. So the
// second reading of keys and values follows the first as soon as it can, while L2 may hold them. Independent tiles never
// wait, so those that a dependent one needs are done by blocks that run, whatever their number.
#pragma once

#include "signals.h"
#include "tokens.h"

namespace reelspark::preparation {

// Operands in 8 bits, their values in e4m3 or fp16, or all in 16 bits.
enum class Format { kInt8E4m3, kInt8F16, kHalf };

enum class Work { kSumKeys, kFindMagnitudes, kPackQueries, kPackKeys, kPackValues, kNothingYet, kEnd };

constexpr float kGreatestE4m3 = 448;

// Tiles that the queries of one row are cut into.
template <int D>
constexpr int kTilesOfRow = kQueryBlock / tile_tokens(D);

// A tile as the workers see it.
template <int D>
struct alignas(16) Tile {
  Work work;
  int head;         // key head among those of all batch items
  int index;        // among those of this work and head
  int part;         // of a row of queries
  int tokens_left;  // of the sequence from the first of the tile on; may be more than the tile has, or less than none
  const void* tokens;    // the first of the tile, or of the head if there is an order
  int64_t stride;        // elements between tokens
  const int32_t* order;  // of the tile's tokens, or null
  uint8_t* packed;       // the tile's first block, the row of queries
  float* scales;         // of the tile's blocks, of the row's tokens
  float* pooled;         // of the head's key blocks, of the row; or where sums or magnitudes go
  float* similarities;   // of the tile's blocks, of the row
  float* log_sum_exp_shift;  // of the row, or null
  alignas(16) float vector[D];  // mean of the keys, or inverse scales of the values
};

// Place of a tile.
struct Place {
  Work work;
  uint32_t head;   // key head among those of all batch items
  uint32_t index;  // among the tiles of this work and head, or the rows of queries
  int part;        // tile of a row of queries
};

// One of the two lists; finds places of ascending numbers.
class TileList {
 public:
  __device__ TileList(uint32_t* next, uint32_t heads, Work first, uint32_t first_count, Work second,
                      uint32_t second_count, Work third, uint32_t third_count)
      : next_(next), heads_(heads), work_{first, second, third}, count_{first_count, second_count, third_count} {}

  __device__ uint32_t take() const { return atomicAdd(next_, 1); }

  __device__ Place find(uint32_t number) {
    while (head_ < heads_) {
      const uint32_t count = part_ == 0 ? count_[0] : part_ == 1 ? count_[1] : count_[2];
      if (number - begin_ < count) {
        return {part_ == 0 ? work_[0] : part_ == 1 ? work_[1] : work_[2], head_, number - begin_, 0};
      }
      begin_ += count;
      head_ += part_ == 2;
      part_ = part_ == 2 ? 0 : part_ + 1;
    }
    return {Work::kEnd, 0, 0, 0};
  }

 private:
  uint32_t* next_;
  uint32_t heads_;
  Work work_[3];
  uint32_t count_[3];
  uint32_t begin_ = 0;  // number of the first tile of this head and part
  uint32_t head_ = 0;
  int part_ = 0;
};

// Run by one warp.
template <typename T, int D, Format kFormat>
class Scheduler {
 public:
  __device__ Scheduler(const PreparationArguments& arguments)
      : arguments_(arguments), size_(size_of(arguments, D)), offsets_(size_),
        queries_wait_(arguments.log_sum_exp_shift != nullptr && arguments.key_tokens > 0),
        independent_(counter(offsets_.next_tiles), size_.all_key_heads(), Work::kSumKeys, size_.key_tiles(),
                     Work::kFindMagnitudes, kFormat == Format::kHalf ? 0 : size_.key_tiles(), Work::kPackQueries,
                     queries_wait_ ? 0 : rows_of_key_head()),
        dependent_(counter(offsets_.next_tiles) + 1, size_.all_key_heads(), Work::kPackKeys, size_.key_tiles(),
                   Work::kPackQueries, queries_wait_ ? rows_of_key_head() : 0, Work::kPackValues, size_.key_tiles()) {
    if (lane_number() == 0) {
      next_dependent_ = dependent_.take();
    }
  }

  // Chooses the next tile of this block.
  __device__ void describe_next(Tile<D>& tile) {
    if (lane_number() == 0) {
      describe(choose(), tile);
    }
    __syncwarp();
    load_vector(tile);
  }

 private:
  static constexpr int kTokens = tile_tokens(D);
  static constexpr int kKeyBlocks = kTokens / kKeyBlock;

  __device__ static constexpr int64_t block_bytes(Format format, int tokens) {
    return int64_t{tokens} * D * (format == Format::kHalf ? 2 : 1);
  }

  __device__ uint32_t* counter(int64_t offset) const { return reinterpret_cast<uint32_t*>(arguments_.scratch + offset); }
  __device__ float* floats(int64_t offset) const { return reinterpret_cast<float*>(arguments_.scratch + offset); }

  // The next tile of this block.
  __device__ Place choose() {
    if (last_.work == Work::kPackQueries && last_.part + 1 < kTilesOfRow<D>) {
      ++last_.part;
      return last_;
    }
    const Place waiting = dependent_.find(next_dependent_);
    if (waiting.work != Work::kEnd && ready(waiting)) {
      next_dependent_ = dependent_.take();
      return last_ = waiting;
    }
    last_ = independent_.find(independent_.take());
    if (last_.work == Work::kEnd && waiting.work != Work::kEnd) {
      // Not to be waited for here: it may need what this block is doing.
      last_.work = Work::kNothingYet;
    }
    return last_;
  }

  __device__ void describe(const Place& place, Tile<D>& tile) const {
    tile.work = place.work;
    tile.head = static_cast<int>(place.head);
    tile.index = static_cast<int>(place.index);
    tile.part = place.part;
    switch (place.work) {
      case Work::kSumKeys:
        view(tile, arguments_.keys, arguments_.key_strides, place);
        tile.pooled = floats(offsets_.sums) + (place.head * size_.key_tiles() + place.index) * D;
        break;
      case Work::kFindMagnitudes:
        view(tile, arguments_.values, arguments_.value_strides, place);
        tile.pooled = floats(offsets_.magnitudes) + place.head * D;
        break;
      case Work::kPackKeys: {
        view(tile, arguments_.keys, arguments_.key_strides, place);
        const int64_t first = place.head * size_.key_blocks() + place.index * kKeyBlocks;
        tile.packed = static_cast<uint8_t*>(arguments_.packed_keys) + first * block_bytes(kFormat, kKeyBlock);
        tile.scales = arguments_.key_scales + first;
        tile.pooled = floats(offsets_.pooled_keys) +
                      place.head * block_count(size_.key_blocks(), kPooledTile) * kPooledTile * D;
        tile.similarities = floats(offsets_.key_similarities) + first;
        break;
      }
      case Work::kPackValues: {
        view(tile, arguments_.values, arguments_.value_strides, place);
        const Format format = kFormat == Format::kInt8F16 ? Format::kHalf : kFormat;
        const int64_t first = place.head * size_.key_blocks() + place.index * kKeyBlocks;
        tile.packed = static_cast<uint8_t*>(arguments_.packed_values) + first * block_bytes(format, kKeyBlock);
        break;
      }
      case Work::kPackQueries:
        describe_queries(place, tile);
        break;
      case Work::kNothingYet:
      case Work::kEnd:
        break;
    }
  }

  // What the tokens of a dependent tile are combined with, by the whole warp.
  __device__ void load_vector(Tile<D>& tile) const {
    constexpr int kOwn = D / kWarpSize;
    const int first = lane_number() * kOwn;
    if (tile.work == Work::kPackKeys || (tile.work == Work::kPackQueries && queries_wait_)) {
      const float* const mean = floats(offsets_.means) + tile.head * D;
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        tile.vector[first + i] = __ldcg(mean + first + i);
      }
    } else if (tile.work == Work::kPackQueries) {
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        tile.vector[first + i] = 0;
      }
    } else if (tile.work == Work::kPackValues && kFormat != Format::kHalf) {
      const float* const magnitudes = floats(offsets_.magnitudes) + tile.head * D;
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        const float magnitude = __ldcg(magnitudes + first + i);
        const bool some = magnitude >= kLeastMagnitude;
        tile.vector[first + i] = some ? kGreatestE4m3 * approximate_inverse(magnitude) : 0.0f;
        if (tile.index == 0) {
          arguments_.value_scales[tile.head * D + first + i] = some ? magnitude * (1 / kGreatestE4m3) : 0.0f;
        }
      }
    }
  }

  // Rows of the query heads that share a key head.
  __device__ uint32_t rows_of_key_head() const {
    return static_cast<uint32_t>(arguments_.query_heads) / static_cast<uint32_t>(arguments_.key_heads) *
           static_cast<uint32_t>(size_.query_blocks());
  }

  __device__ bool ready(const Place& place) const {
    if (place.work == Work::kPackValues) {
      return kFormat == Format::kHalf || done(counter(offsets_.magnitudes_done) + place.head) == size_.key_tiles();
    }
    return done(counter(offsets_.means_done) + place.head) > 0;
  }

  // Tokens of a key head.
  __device__ void view(Tile<D>& tile, const void* tokens, const TokenStrides& strides, const Place& place) const {
    const uint32_t heads = arguments_.key_heads;
    view(tile, tokens, strides, place.head / heads, place.head % heads, arguments_.key_order, place.index * kTokens,
         arguments_.key_tokens);
  }

  __device__ static void view(Tile<D>& tile, const void* tokens, const TokenStrides& strides, uint32_t batch,
                              uint32_t head, const int32_t* order, int64_t first, int64_t count) {
    tile.tokens = static_cast<const T*>(tokens) + token_offset(strides, batch, head, order == nullptr ? first : 0);
    tile.stride = strides.token;
    tile.order = order == nullptr ? nullptr : order + first;
    tile.tokens_left = static_cast<int>(count - first);
  }

  __device__ void describe_queries(const Place& place, Tile<D>& tile) const {
    const uint32_t blocks = static_cast<uint32_t>(size_.query_blocks());
    const uint32_t key_heads = arguments_.key_heads;
    const uint32_t batch = place.head / key_heads;
    const uint32_t head = place.head % key_heads * (arguments_.query_heads / key_heads) + place.index / blocks;
    const int64_t block = place.index % blocks;
    const int64_t row = (int64_t{batch} * arguments_.query_heads + head) * blocks + block;
    view(tile, arguments_.queries, arguments_.query_strides, batch, head, arguments_.query_order,
         block * kQueryBlock + place.part * kTokens, arguments_.query_tokens);
    tile.packed = static_cast<uint8_t*>(arguments_.packed_queries) + row * block_bytes(kFormat, kQueryBlock);
    tile.scales = arguments_.query_scales + row * kQueryBlock;
    tile.pooled = floats(offsets_.pooled_queries) + row * D;
    tile.similarities = floats(offsets_.query_similarities) + row;
    tile.log_sum_exp_shift =
        arguments_.log_sum_exp_shift == nullptr ? nullptr : arguments_.log_sum_exp_shift + row * kQueryBlock;
  }

  const PreparationArguments& arguments_;
  const PreparationSize size_;
  const Scratch offsets_;
  const bool queries_wait_;
  TileList independent_;
  TileList dependent_;
  uint32_t next_dependent_ = 0;
  Place last_ = {Work::kEnd, 0, 0, 0};
};

}  // namespace reelspark::preparation
