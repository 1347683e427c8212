// Where the lanes of a warp find the operands of mma.sync in the blocks of attention_layout.h.
//
// One ldmatrix.x4 reads four matrices of 8 rows of 16 bytes, the rows of matrix i at the addresses that lanes 8i .. 8i + 7
// give. Operands of m16n8k32 in 8 bits and of m16n8k16 in 16 bits are the same bytes in the same lanes: a step is 32
// bytes of each row. All offsets are of the first step; those of others follow by step_offset, because the swizzle
// exchanges 16-byte units by an exclusive or.
#pragma once

#include "reelspark/attention_layout.h"

namespace reelspark {

constexpr int kMmaRows = 16;
constexpr int kMmaColumns = 8;
constexpr int kStepBytes = 32;

// A operand of 16 rows: matrices (rows 0-7, bytes 0-15), (8-15, 0-15), (0-7, 16-31), (8-15, 16-31).
template <int RowBytes>
REELSPARK_HOST_DEVICE constexpr int a_operand_offset(int lane) {
  return swizzled_offset<RowBytes>(lane % 16, lane / 16 * 16);
}

// B operands of 16 columns, each a row in memory: both halves of columns 0-7, then both of 8-15.
template <int RowBytes>
REELSPARK_HOST_DEVICE constexpr int b_operand_offset(int lane) {
  return swizzled_offset<RowBytes>(lane / 16 * 8 + lane % 8, lane / 8 % 2 * 16);
}

// B operands of 16 columns that lie along the rows of 16 tokens in memory, for ldmatrix with .trans: both halves of the
// tokens for columns 0-7, then for 8-15. The next 16 columns are the next step.
template <int RowBytes>
REELSPARK_HOST_DEVICE constexpr int transposed_b_operand_offset(int lane) {
  return swizzled_offset<RowBytes>(lane % 16, lane / 16 * 16);
}

// Offset of a step from that of step 0, which may include anything that is a multiple of RowBytes or of 128.
template <int RowBytes>
REELSPARK_HOST_DEVICE constexpr unsigned step_offset(unsigned offset, int step) {
  return offset ^ (step * kStepBytes % RowBytes);
}

}  // namespace reelspark
