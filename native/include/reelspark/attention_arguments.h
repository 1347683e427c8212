// What every attention kernel is launched with: one structure of addresses and numbers, passed by value as the only
// parameter. Attention kernels differ in their name, grid and operand format only.
//
// The blocks, scales and lists are those of attention_layout.h. Fields that a kernel has no use for may be null or zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

// Which keys a query sees. Causal masking aligns the last query with the last key.
enum class Masking : int32_t { kNone = 0, kCausal = 1 };

// Counters of a launch, added to what is there.
struct AttentionStatistics {
  uint64_t selected_blocks;  // pairs of a query block and a key block for which scores were computed
  uint64_t skipped_parts;    // of these pairs, in kPartsOfBlock-ths, what the PV threshold left out
};

// Parts in which the share of a block pair that was left out is counted. Kernels decide for groups of 16, 32 or 64
// queries; each of the 1 to 8 groups of 16 that a query block has weighs the same, so this is a multiple of 1 to 8.
constexpr int kPartsOfBlock = 840;

struct AttentionArguments {
  // Operands: int8 or 16-bit queries and keys, e4m3 or 16-bit values.
  const void* queries;
  const void* keys;
  const void* values;
  const float* query_scales;  // 8-bit operands
  const float* key_scales;    // 8-bit operands
  const float* value_scales;  // of each dimension; null for values without scales

  // Selected key blocks.
  const uint16_t* ids;        // null for every block that masking admits; counts is not read then
  const uint32_t* counts;
  const uint32_t* row_order;  // null for ascending order
  uint32_t* next_row;         // persistent kernels take rows through this counter: zero at the launch, and again after it

  // Results.
  void* output;                   // bf16 or fp16 view [batch, query head, token, dimension], 16-byte aligned
  const int32_t* output_tokens;   // token of the output that each query is written to; null for its own place
  float* log_sum_exp;             // [batch, query head, output token], natural logarithm; may be null
  const float* log_sum_exp_shift; // [batch, query head, query blocks * 128], added to it (key smoothing); may be null
  AttentionStatistics* statistics;  // may be null
  const float* pv_thresholds;       // [query heads], in log2 units, +inf to skip nothing; null for all +inf

  TokenStrides output_strides;  // in elements, multiples of 8
  int64_t query_tokens;
  int64_t key_tokens;
  int32_t batch;
  int32_t query_heads;
  int32_t key_heads;  // divides query_heads; consecutive query heads share a key head
  int32_t head_dim;   // dimensions written, a multiple of 8, at most the kernel's
  Masking masking;
  float score_scale;  // 16-bit operands: softmax scale * log2(e)
};

// A launcher in another language writes these bytes.
static_assert(sizeof(void*) == 8 && sizeof(AttentionArguments) == 192);
static_assert(offsetof(AttentionArguments, ids) == 48 && offsetof(AttentionArguments, output) == 80);
static_assert(offsetof(AttentionArguments, output_strides) == 128 && offsetof(AttentionArguments, query_tokens) == 152);
static_assert(offsetof(AttentionArguments, batch) == 168 && offsetof(AttentionArguments, score_scale) == 188);

// The keys that a query sees are those before the returned number.
REELSPARK_HOST_DEVICE constexpr int64_t visible_keys(
    int64_t query, int64_t query_tokens, int64_t key_tokens, Masking masking) {
  if (masking == Masking::kNone) {
    return key_tokens;
  }
  const int64_t visible = query + 1 + key_tokens - query_tokens;
  return visible < 0 ? 0 : visible < key_tokens ? visible : key_tokens;
}

}  // namespace reelspark
