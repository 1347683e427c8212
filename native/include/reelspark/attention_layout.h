// What the preparation kernels write and the attention kernels read. One definition for kernels, launchers and tests.
//
// Rows. A row is one query block of one query head of one batch item; row = block_row(batch, head, block, heads, blocks).
// Selected key blocks of a row: uint16 ids [rows, key blocks], ascending, the first counts[row] of them valid;
// uint32 counts [rows]; uint32 row_order [rows], the order in which rows are worked on.
//
// 8-bit operands, each block contiguous, in the order in which wgmma reads it from shared memory, so that one bulk copy
// brings it in:
//   queries int8 [batch, query heads, query blocks][128 tokens x D], swizzled by int8_offset; a scale for each token,
//     float [batch, query heads, query blocks * 128], that includes the softmax scale and log2(e)
//   keys    int8 [batch, key heads, key blocks][64 tokens x D], smoothed, swizzled by int8_offset; a scale for each
//     block, float [batch, key heads, key blocks]
//   values  e4m3 [batch, key heads, key blocks][D x 64 tokens], transposed, swizzled by value_offset; a scale for each
//     dimension, float [batch, key heads, D]
//
// 16-bit operands, laid out by half_offset, so that both wgmma and ldmatrix read them without bank conflicts:
//   queries bf16 or fp16 [batch, query heads, query blocks][128 tokens x D], keys [batch, key heads, key blocks]
//     [64 tokens x D] and values [batch, key heads, key blocks][64 tokens x D], all as given, without scales
//   fp16 values beside 8-bit queries and keys (chips without e4m3): the same blocks and order of tokens, divided by the
//     same scale for each dimension as e4m3 values
//
// D is 64 or 128; smaller heads are padded with zeros. Tokens past the end are zeros, with scale 0 for queries.
#pragma once

#include <cstdint>

#include "reelspark/block_layout.h"

namespace reelspark {

constexpr int kQueryBlock = 128;
constexpr int kKeyBlock = 64;

// uint16 ids reach this many tokens.
constexpr int64_t kMostKeyTokens = int64_t{65536} * kKeyBlock;

// Where wgmma's shared-memory layout puts byte `column` of row `row`, for rows of 64 or 128 bytes and the swizzle as
// wide as the row: the 16-byte units of a row are exchanged by the address bits three above theirs.
template <int RowBytes>
REELSPARK_HOST_DEVICE constexpr int swizzled_offset(int row, int column) {
  static_assert(RowBytes == 64 || RowBytes == 128, "rows are as wide as the swizzle");
  const int unit = (column / 16) ^ (RowBytes == 128 ? row % 8 : row / 2 % 4);
  return row * RowBytes + unit * 16 + column % 16;
}

// Byte of one dimension of one token inside an int8 block of queries or keys.
template <int D>
REELSPARK_HOST_DEVICE constexpr int int8_offset(int token, int dimension) {
  return swizzled_offset<D>(token, dimension);
}

// Byte of one dimension of one token inside a 16-bit block of BlockTokens tokens: panels of 64 dimensions, one after the
// other, each with rows of 128 bytes.
template <int BlockTokens>
REELSPARK_HOST_DEVICE constexpr int half_offset(int token, int dimension) {
  return dimension / 64 * (BlockTokens * 128) + swizzled_offset<128>(token, dimension % 64 * 2);
}

// Place of a token among the 64 of a value block. Within each 32 tokens the order is such that the scores as wgmma
// leaves them in a thread's registers (tokens 8i + 2l and 8i + 2l + 1 of quad lane l) are the 8-bit operand that it
// reads (places 4l .. 4l + 3 and 16 + 4l .. 16 + 4l + 3): no exchange between lanes.
REELSPARK_HOST_DEVICE constexpr int value_place(int token) {
  const int group = token / 32, unit = token % 32 / 8, lane = token % 8 / 2, element = token % 2;
  return 32 * group + 16 * (unit / 2) + 4 * lane + 2 * (unit % 2) + element;
}

// Byte of one dimension of one token inside an e4m3 block of values.
REELSPARK_HOST_DEVICE constexpr int value_offset(int token, int dimension) {
  return swizzled_offset<kKeyBlock>(dimension, value_place(token));
}

}  // namespace reelspark
