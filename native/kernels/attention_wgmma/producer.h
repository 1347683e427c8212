// The producer warp: takes rows of work, and brings their queries and the keys and values of their lists into shared
// memory, as far ahead of the consumers as the rings allow.
#pragma once

#include "shared_memory.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

template <typename Operands>
class Producer {
  static constexpr int kStepBlocks = Operands::kStepBlocks;
  static constexpr bool kShifts = Operands::kOverlap != Overlap::kTwins;

 public:
  __device__ Producer(const AttentionArguments& arguments, SharedMemory<Operands>& shared, uint32_t producers)
      : arguments_(arguments),
        shared_(shared),
        producers_(producers),
        lane_(threadIdx.x % kWarpSize),
        query_blocks_(static_cast<uint32_t>(block_count(arguments.query_tokens, kQueryBlock))),
        key_blocks_(static_cast<uint32_t>(block_count(arguments.key_tokens, kKeyBlock))) {}

  __device__ void run() {
    const uint32_t rows = query_blocks_ * arguments_.query_heads * arguments_.batch;
    uint32_t ticket = next_ticket();
    while (ticket < rows) {
      // Taken early: the answer is on its way while this row's blocks are brought in.
      const uint32_t next = next_ticket();
      produce(arguments_.row_order == nullptr ? ticket : arguments_.row_order[ticket]);
      ticket = next;
    }
    // Every producer draws one ticket beyond the rows; the last of these leaves the counter as it was found.
    if (lane_ == 0 && ticket == rows + producers_ - 1) {
      *arguments_.next_row = 0;
    }
    Tile end{};
    end.blocks = kNoMoreTiles;
    open_tile(end, nullptr, nullptr);
  }

 private:
  __device__ uint32_t next_ticket() const {
    uint32_t ticket = 0;
    if (lane_ == 0) {
      ticket = atomicAdd(arguments_.next_row, 1);
    }
    return __shfl_sync(0xffffffff, ticket, 0);
  }

  __device__ void produce(uint32_t row) {
    const uint32_t batch_head = row / query_blocks_;
    Tile tile;
    tile.query_block = static_cast<int32_t>(row % query_blocks_);
    tile.head = static_cast<int32_t>(batch_head % arguments_.query_heads);
    tile.batch = static_cast<int32_t>(batch_head / arguments_.query_heads);
    tile.threshold = arguments_.pv_thresholds == nullptr ? INFINITY : arguments_.pv_thresholds[tile.head];
    tile.blocks = arguments_.ids == nullptr ? admissible_blocks(tile.query_block)
                                            : static_cast<int32_t>(arguments_.counts[row]);

    open_tile(
        tile, static_cast<const uint8_t*>(arguments_.queries) + static_cast<int64_t>(row) * Operands::kQueryBytes,
        Operands::kScaled ? arguments_.query_scales + static_cast<int64_t>(row) * kQueryBlock : nullptr);

    const int key_head = tile.head / (arguments_.query_heads / arguments_.key_heads);
    const int64_t first_block = (static_cast<int64_t>(tile.batch) * arguments_.key_heads + key_head) * key_blocks_;
    keys_ = static_cast<const uint8_t*>(arguments_.keys) + first_block * Operands::kBlockBytes;
    values_ = static_cast<const uint8_t*>(arguments_.values) + first_block * Operands::kBlockBytes;
    key_scales_ = arguments_.key_scales + first_block;
    ids_ = arguments_.ids == nullptr ? nullptr : arguments_.ids + static_cast<int64_t>(row) * key_blocks_;
    produce_list(tile);
  }

  __device__ int32_t visible(int32_t query) const {
    return static_cast<int32_t>(
        visible_keys(query, arguments_.query_tokens, arguments_.key_tokens, arguments_.masking));
  }

  // Blocks that hold a key which the query block's last query sees.
  __device__ int32_t admissible_blocks(int32_t query_block) const {
    const int length = block_range(arguments_.query_tokens, kQueryBlock, query_block).length;
    return (visible(query_block * kQueryBlock + length - 1) + kKeyBlock - 1) / kKeyBlock;
  }

  // Each lane reads one of 32 ids of the list and its scale, the next 32 while these are worked on.
  __device__ void produce_list(const Tile& tile) {
    // A group's first query sees the fewest keys.
    int32_t all_visible[kGroups];
#pragma unroll
    for (int group = 0; group < kGroups; ++group) {
      all_visible[group] = visible(tile.query_block * kQueryBlock + group * kGroupQueries);
    }
    const StepKind unmasked = tile.threshold < INFINITY ? StepKind::kThreshold : StepKind::kPlain;
    int32_t none[kStepBlocks], previous[kStepBlocks];
#pragma unroll
    for (int j = 0; j < kStepBlocks; ++j) {
      none[j] = previous[j] = kNoBlock;
    }
    StepBlock next = read_block(lane_, tile.blocks);
    for (int first = 0; first < tile.blocks; first += kWarpSize) {
      const StepBlock block = next;
      next = read_block(first + kWarpSize + lane_, tile.blocks);
      for (int i = 0; i < kWarpSize && first + i < tile.blocks; i += kStepBlocks) {
        int32_t id[kStepBlocks];
        float scale[kStepBlocks];
#pragma unroll
        for (int j = 0; j < kStepBlocks; ++j) {
          id[j] = __shfl_sync(0xffffffff, block.id, i + j);
          scale[j] = __shfl_sync(0xffffffff, block.scale, i + j);
        }
        const bool whole = first + i + kStepBlocks <= tile.blocks;
        open_stage();
        if (lane_ == 0) {
          StepBlocks<kStepBlocks>& step = shared_.steps[step_.stage];
#pragma unroll
          for (int group = 0; group < kGroups; ++group) {
            // Ids ascend: when the last block is wholly visible, so are all.
            const bool masked = !whole || (id[kStepBlocks - 1] + 1) * kKeyBlock > all_visible[group];
            step.factors[group].kind = masked ? StepKind::kMasked : unmasked;
#pragma unroll
            for (int j = 0; j < kStepBlocks; ++j) {
              step.factors[group].scale[j] = scale[j];
            }
          }
#pragma unroll
          for (int j = 0; j < kStepBlocks; ++j) {
            step.id[j] = j == 0 || whole ? id[j] : kNoBlock;
          }
          fill_stage(kShifts ? previous : id, id);
        }
        close_stage();
#pragma unroll
        for (int j = 0; j < kStepBlocks; ++j) {
          previous[j] = id[j];
        }
      }
    }
    if (kShifts && tile.blocks > 0) {
      open_stage();
      if (lane_ == 0) {
        fill_stage(previous, none);
      }
      close_stage();
    }
  }

  struct StepBlock {
    int32_t id;
    float scale;
  };

  // Past the end of the list its last block: it fills the second place of an odd end, where it weighs nothing.
  __device__ StepBlock read_block(int place, int blocks) const {
    if (blocks == 0) {
      return {0, 0};
    }
    place = min(place, blocks - 1);
    const int32_t id = ids_ == nullptr ? place : ids_[place];
    return {id, Operands::kScaled ? key_scales_[id] : 1.0f};
  }

  __device__ void open_tile(const Tile& tile, const uint8_t* queries, const float* scales) {
    const int stage = tile_.stage;
    barrier_wait(shared_address(&shared_.tile_empty[stage]), tile_.parity ^ 1);
    if (lane_ == 0) {
      shared_.tiles[stage] = tile;
      const uint32_t full = shared_address(&shared_.tile_full[stage]);
      if (queries == nullptr) {
        barrier_arrive(full);
      } else {
        constexpr uint32_t kScaleBytes = Operands::kScaled ? kQueryBlock * sizeof(float) : 0;
        barrier_arrive_expect(full, Operands::kQueryBytes + kScaleBytes);
        bulk_copy(shared_address(shared_.queries[stage]), queries, Operands::kQueryBytes, full);
        if constexpr (Operands::kScaled) {
          bulk_copy(shared_address(shared_.query_scales[stage]), scales, kScaleBytes, full);
        }
      }
    }
    __syncwarp();
    tile_.advance();
  }

  __device__ void open_stage() { barrier_wait(shared_address(&shared_.empty[step_.stage]), step_.parity ^ 1); }

  __device__ void close_stage() {
    __syncwarp();
    step_.advance();
  }

  // Brings values of one step and keys of the same or the next; kNoBlock for none.
  __device__ void fill_stage(const int32_t (&value_id)[kStepBlocks], const int32_t (&key_id)[kStepBlocks]) {
    const int stage = step_.stage;
    const uint32_t full = shared_address(&shared_.full[stage]);
    const bool values = value_id[0] != kNoBlock, keys = key_id[0] != kNoBlock;
    barrier_arrive_expect(full, (values + keys) * kStepBlocks * Operands::kBlockBytes);
    if (keys) {
      copy_blocks<Operands::kBlockBytes>(shared_.keys[stage], keys_, key_id, full);
    }
    if (values) {
      copy_blocks<Operands::kValueBytes>(shared_.values[stage], values_, value_id, full);
    }
  }

  // Within a panel the second block lies one block's room behind the first.
  template <int kRoom>
  static __device__ void copy_blocks(
      uint8_t* target, const uint8_t* blocks, const int32_t (&id)[kStepBlocks], uint32_t full) {
    constexpr int kPanelBytes = Operands::kBlockBytes / Operands::kPanels;
#pragma unroll
    for (int j = 0; j < kStepBlocks; ++j) {
      const uint8_t* const source = blocks + static_cast<int64_t>(id[j]) * Operands::kBlockBytes;
#pragma unroll
      for (int panel = 0; panel < Operands::kPanels; ++panel) {
        bulk_copy(
            shared_address(target + (panel * kStepBlocks + j) * (kRoom / Operands::kPanels)), source + panel * kPanelBytes,
            kPanelBytes, full);
      }
    }
  }

  const AttentionArguments& arguments_;
  SharedMemory<Operands>& shared_;
  const uint32_t producers_;
  const int lane_;
  const uint32_t query_blocks_;
  const uint32_t key_blocks_;
  const uint8_t* keys_ = nullptr;
  const uint8_t* values_ = nullptr;
  const float* key_scales_ = nullptr;
  const uint16_t* ids_ = nullptr;
  RingPosition<kTileStages> tile_;
  RingPosition<SharedMemory<Operands>::kStages> step_;
};

}  // namespace reelspark::hopper
