// Quantises and packs queries, keys and values on the host, as attention_layout.h says, and keeps what the packed numbers
// stand for: a kernel can be compared with exact attention over the very operands that it is given.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "reelspark/attention_layout.h"

namespace reelspark {

struct AttentionShape {
  int batch;
  int query_heads;
  int key_heads;
  int64_t query_tokens;
  int64_t key_tokens;
  int head_dim;  // of the kernel: 64 or 128

  int64_t query_blocks() const { return block_count(query_tokens, kQueryBlock); }
  int64_t key_blocks() const { return block_count(key_tokens, kKeyBlock); }
  int64_t rows() const { return batch * query_heads * query_blocks(); }
  int key_head(int query_head) const { return query_head / (query_heads / key_heads); }
};

// A contiguous [heads of all batch items, token, dimension] array.
struct HeadArray {
  int64_t heads;
  int64_t tokens;
  int head_dim;
  std::vector<float> values;

  HeadArray(int64_t heads, int64_t tokens, int head_dim)
      : heads(heads), tokens(tokens), head_dim(head_dim), values(heads * tokens * head_dim) {}

  float* token(int64_t head, int64_t token) { return &values[(head * tokens + token) * head_dim]; }
  const float* token(int64_t head, int64_t token) const { return &values[(head * tokens + token) * head_dim]; }
};

// Packed blocks of one operand, its scales, and the numbers that they stand for.
struct PackedOperand {
  std::vector<uint8_t> blocks;
  std::vector<float> scales;
  HeadArray meaning;
};

inline float greatest_magnitude(const float* values, int64_t count) {
  float greatest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(values[i])) {
      return values[i];
    }
    greatest = std::max(greatest, std::fabs(values[i]));
  }
  return greatest;
}

inline int8_t quantise(float value, float scale) {
  return std::isfinite(scale) && scale > 0 ? static_cast<int8_t>(std::lrint(value / scale)) : int8_t{0};
}

// Queries in 8 bits. `score_scale` is the softmax scale times log2(e).
template <int D>
PackedOperand pack_int8_queries(const HeadArray& queries, float score_scale) {
  const int64_t blocks = block_count(queries.tokens, kQueryBlock);
  PackedOperand packed{std::vector<uint8_t>(queries.heads * blocks * kQueryBlock * D),
                       std::vector<float>(queries.heads * blocks * kQueryBlock), queries};
  for (int64_t head = 0; head < queries.heads; ++head) {
    for (int64_t token = 0; token < queries.tokens; ++token) {
      const float* const query = queries.token(head, token);
      const int64_t block = head * blocks + token / kQueryBlock;
      const float scale = greatest_magnitude(query, D) / 127;
      packed.scales[block * kQueryBlock + token % kQueryBlock] = scale * score_scale;
      for (int d = 0; d < D; ++d) {
        const int8_t value = quantise(query[d], scale);
        packed.blocks[block * kQueryBlock * D + int8_offset<D>(token % kQueryBlock, d)] = static_cast<uint8_t>(value);
        packed.meaning.token(head, token)[d] = value * scale;
      }
    }
  }
  return packed;
}

// Keys in 8 bits, not smoothed.
template <int D>
PackedOperand pack_int8_keys(const HeadArray& keys) {
  const int64_t blocks = block_count(keys.tokens, kKeyBlock);
  PackedOperand packed{std::vector<uint8_t>(keys.heads * blocks * kKeyBlock * D),
                       std::vector<float>(keys.heads * blocks), keys};
  for (int64_t head = 0; head < keys.heads; ++head) {
    for (int64_t block = 0; block < blocks; ++block) {
      const BlockRange range = block_range(keys.tokens, kKeyBlock, block);
      const float scale = greatest_magnitude(keys.token(head, range.begin), int64_t{range.length} * D) / 127;
      packed.scales[head * blocks + block] = scale;
      for (int token = 0; token < range.length; ++token) {
        for (int d = 0; d < D; ++d) {
          const int8_t value = quantise(keys.token(head, range.begin + token)[d], scale);
          packed.blocks[(head * blocks + block) * kKeyBlock * D + int8_offset<D>(token, d)] =
              static_cast<uint8_t>(value);
          packed.meaning.token(head, range.begin + token)[d] = value * scale;
        }
      }
    }
  }
  return packed;
}

inline std::vector<float> value_scales(const HeadArray& values) {
  constexpr float kGreatestE4m3 = 448;
  std::vector<float> scales(values.heads * values.head_dim);
  for (int64_t head = 0; head < values.heads; ++head) {
    for (int64_t token = 0; token < values.tokens; ++token) {
      for (int d = 0; d < values.head_dim; ++d) {
        float& scale = scales[head * values.head_dim + d];
        scale = std::max(scale, std::fabs(values.token(head, token)[d]) / kGreatestE4m3);
      }
    }
  }
  return scales;
}

template <typename T>
float rounded_to(float value) {
  return static_cast<float>(T(value));
}

// Values in e4m3.
inline PackedOperand pack_e4m3_values(const HeadArray& values) {
  const int64_t blocks = block_count(values.tokens, kKeyBlock);
  PackedOperand packed{std::vector<uint8_t>(values.heads * blocks * kKeyBlock * values.head_dim), value_scales(values),
                       values};
  for (int64_t head = 0; head < values.heads; ++head) {
    for (int64_t token = 0; token < values.tokens; ++token) {
      for (int d = 0; d < values.head_dim; ++d) {
        const float scale = packed.scales[head * values.head_dim + d];
        const __nv_fp8_e4m3 value(scale == 0 ? 0.0f : values.token(head, token)[d] / scale);
        packed.blocks[(head * blocks + token / kKeyBlock) * kKeyBlock * values.head_dim +
                      value_offset(token % kKeyBlock, d)] = value.__x;
        packed.meaning.token(head, token)[d] = static_cast<float>(value) * scale;
      }
    }
  }
  return packed;
}

// Any operand in 16 bits, divided by a scale for each dimension; no scales for none.
template <typename T, int BlockTokens>
PackedOperand pack_half(const HeadArray& operand, std::vector<float> scales = {}) {
  const int64_t blocks = block_count(operand.tokens, BlockTokens);
  PackedOperand packed{std::vector<uint8_t>(operand.heads * blocks * BlockTokens * operand.head_dim * 2),
                       std::move(scales), operand};
  for (int64_t head = 0; head < operand.heads; ++head) {
    for (int64_t token = 0; token < operand.tokens; ++token) {
      for (int d = 0; d < operand.head_dim; ++d) {
        const float scale = packed.scales.empty() ? 1 : packed.scales[head * operand.head_dim + d];
        const T value(scale == 0 ? 0.0f : operand.token(head, token)[d] / scale);
        std::memcpy(&packed.blocks[(head * blocks + token / BlockTokens) * BlockTokens * operand.head_dim * 2 +
                                   half_offset<BlockTokens>(token % BlockTokens, d)],
                    &value, sizeof value);
        packed.meaning.token(head, token)[d] = static_cast<float>(value) * scale;
      }
    }
  }
  return packed;
}

// Selected key blocks of all rows.
struct BlockLists {
  std::vector<uint16_t> ids;  // [rows, key blocks]
  std::vector<uint32_t> counts;
};

}  // namespace reelspark
