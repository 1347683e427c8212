// The query block that a thread block works on, and its list of key blocks.
#pragma once

#include "reelspark/attention_arguments.h"
#include "tile.h"

namespace reelspark::mma {

// Numbers that stay in registers are 32-bit; what is made of them is 64-bit.
struct Row {
  uint32_t index;  // in [batch, query head, query block]
  int batch;
  int head;     // query head
  int block;    // of queries
  int queries;  // in the block, fewer in the last one
  int count;    // of key blocks to attend to

  __device__ explicit Row(const AttentionArguments& arguments) {
    index = arguments.row_order == nullptr ? blockIdx.x : arguments.row_order[blockIdx.x];
    const uint32_t query_blocks = static_cast<uint32_t>(block_count(arguments.query_tokens, kQueryBlock));
    const uint32_t batch_head = index / query_blocks;
    block = static_cast<int>(index % query_blocks);
    head = static_cast<int>(batch_head % arguments.query_heads);
    batch = static_cast<int>(batch_head / arguments.query_heads);
    queries = block_range(arguments.query_tokens, kQueryBlock, block).length;
    count = arguments.ids == nullptr
                ? static_cast<int>(block_count(visible(arguments, queries - 1), kKeyBlock))
                : static_cast<int>(arguments.counts[index]);
  }

  __device__ int64_t first_token() const { return int64_t{block} * kQueryBlock; }

  __device__ int64_t query_head(const AttentionArguments& arguments) const {
    return int64_t{batch} * arguments.query_heads + head;
  }

  __device__ int64_t key_head(const AttentionArguments& arguments) const {
    return int64_t{batch} * arguments.key_heads + head / (arguments.query_heads / arguments.key_heads);
  }

  // The key head's first block in [batch, key head, key block].
  __device__ int64_t first_key_block(const AttentionArguments& arguments) const {
    return key_head(arguments) * block_count(arguments.key_tokens, kKeyBlock);
  }

  // The row's selected blocks; null for blocks 0 .. count - 1.
  __device__ const uint16_t* ids(const AttentionArguments& arguments) const {
    return arguments.ids == nullptr ? nullptr : arguments.ids + index * block_count(arguments.key_tokens, kKeyBlock);
  }

  // Number of keys that a query of the block sees.
  __device__ int64_t visible(const AttentionArguments& arguments, int query) const {
    return visible_keys(first_token() + query, arguments.query_tokens, arguments.key_tokens, arguments.masking);
  }
};

}  // namespace reelspark::mma
