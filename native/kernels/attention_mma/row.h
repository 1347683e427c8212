// The query block that a thread block works on, and its list of key blocks.
#pragma once

#include "reelspark/attention_arguments.h"
#include "tile.h"

namespace reelspark::mma {

struct Row {
  int64_t index;            // in [batch, query head, query block]
  int64_t batch;
  int head;                 // query head
  int64_t first_token;      // of the queries
  int queries;              // in the block, fewer in the last one
  int64_t first_key_block;  // of the key head, in [batch, key head, key block]
  int count;                // of key blocks to attend to
  const uint16_t* ids;      // null: blocks 0 .. count - 1
  int64_t query_tokens;
  int64_t key_tokens;
  Masking masking;

  __device__ explicit Row(const AttentionArguments& arguments)
      : query_tokens(arguments.query_tokens), key_tokens(arguments.key_tokens), masking(arguments.masking) {
    index = arguments.row_order == nullptr ? blockIdx.x : arguments.row_order[blockIdx.x];
    const int64_t query_blocks = block_count(query_tokens, kQueryBlock);
    const int64_t key_blocks = block_count(key_tokens, kKeyBlock);
    const int64_t block = index % query_blocks;
    const int64_t batch_head = index / query_blocks;
    head = static_cast<int>(batch_head % arguments.query_heads);
    batch = batch_head / arguments.query_heads;
    const BlockRange range = block_range(query_tokens, kQueryBlock, block);
    first_token = range.begin;
    queries = range.length;
    const int key_head = head / (arguments.query_heads / arguments.key_heads);
    first_key_block = block_row(batch, key_head, 0, arguments.key_heads, key_blocks);
    if (arguments.ids == nullptr) {
      ids = nullptr;
      count = static_cast<int>(block_count(visible(queries - 1), kKeyBlock));
    } else {
      ids = arguments.ids + index * key_blocks;
      count = static_cast<int>(arguments.counts[index]);
    }
  }

  // Block in its key head.
  __device__ int64_t key_block(int i) const { return ids == nullptr ? i : ids[i]; }

  // Number of keys that a query of the block sees.
  __device__ int64_t visible(int query) const {
    return visible_keys(first_token + query, query_tokens, key_tokens, masking);
  }
};

}  // namespace reelspark::mma
