// Where the tokens of a block lie in memory: the arithmetic that kernels, launchers and tests share.
//
// Sizes and offsets are 64-bit throughout: two videos of 220,000 tokens, 40 heads and 128 dimensions in a batch have
// more than 2^31 elements.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define REELSPARK_HOST_DEVICE __host__ __device__
#else
#define REELSPARK_HOST_DEVICE
#endif

namespace reelspark {

// Distances in elements inside a [batch, head, token, dimension] view whose last dimension is contiguous. A tensor
// stored [batch, token, head, dimension] is the same view with other strides.
struct TokenStrides {
  int64_t batch;
  int64_t head;
  int64_t token;
};

// Tokens begin .. begin + length - 1.
struct BlockRange {
  int64_t begin;
  int length;
};

REELSPARK_HOST_DEVICE constexpr int64_t block_count(int64_t tokens, int block_tokens) {
  return (tokens + block_tokens - 1) / block_tokens;
}

// The last block is shorter when block_tokens does not divide tokens.
REELSPARK_HOST_DEVICE constexpr BlockRange block_range(int64_t tokens, int block_tokens, int64_t block) {
  const int64_t begin = block * block_tokens;
  const int64_t left = tokens - begin;
  return {begin, left < block_tokens ? static_cast<int>(left) : block_tokens};
}

// Offset in elements of a token's first dimension.
REELSPARK_HOST_DEVICE constexpr int64_t token_offset(
    const TokenStrides& strides, int64_t batch, int64_t head, int64_t token) {
  return batch * strides.batch + head * strides.head + token * strides.token;
}

// Row of a block in a contiguous [batch, head, block] array.
REELSPARK_HOST_DEVICE constexpr int64_t block_row(
    int64_t batch, int64_t head, int64_t block, int64_t heads, int64_t blocks) {
  return (batch * heads + head) * blocks + block;
}

}  // namespace reelspark
