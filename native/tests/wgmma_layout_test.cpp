// How wgmma reads shared memory and registers, simulated on the host, against attention_layout.h. Needs no GPU.
#include "reelspark/attention_layout.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "check.h"

namespace reelspark {
namespace {

// Where wgmma looks for a byte of a matrix whose rows are as wide as its swizzle, from an address that is a multiple of
// the swizzle's period: address bits 4 and up, two or three of them, are exchanged by those from bit 7 on.
int swizzled(int offset, int row_bytes) {
  const int mask = row_bytes == 128 ? 7 : 3;
  return offset ^ ((offset >> 7 & mask) << 4);
}

template <int RowBytes>
void rows_lie_as_the_swizzle_reads_them() {
  for (int row = 0; row < 128; ++row) {
    for (int column = 0; column < RowBytes; ++column) {
      CHECK(swizzled_offset<RowBytes>(row, column) == swizzled(row * RowBytes + column, RowBytes));
    }
  }
}

// `place` sends each of tokens x dimensions to one of as many cells of `cell_bytes` bytes.
template <typename Place>
void is_a_bijection(int tokens, int dimensions, int cell_bytes, Place place) {
  std::vector<int> hits(tokens * dimensions);
  for (int token = 0; token < tokens; ++token) {
    for (int dimension = 0; dimension < dimensions; ++dimension) {
      const int offset = place(token, dimension);
      CHECK(offset >= 0 && offset % cell_bytes == 0 && offset / cell_bytes < tokens * dimensions);
      CHECK(hits[offset / cell_bytes]++ == 0);
    }
  }
}

template <int D>
void blocks_are_filled_once() {
  is_a_bijection(kQueryBlock, D, 1, [](int token, int d) { return int8_offset<D>(token, d); });
  is_a_bijection(kKeyBlock, D, 1, [](int token, int d) { return int8_offset<D>(token, d); });
  is_a_bijection(kKeyBlock, D, 1, [](int token, int d) { return value_offset(token, d); });
  is_a_bijection(kQueryBlock, D, 2, [](int token, int d) { return half_offset<kQueryBlock>(token, d); });
  is_a_bijection(kKeyBlock, D, 2, [](int token, int d) { return half_offset<kKeyBlock>(token, d); });
}

// The token whose score an accumulator register of a thread holds: registers 4u .. 4u + 3 are two neighbouring columns of
// unit u of 8 columns in one row, then in the row 8 further.
int token_of_score(int lane, int reg) { return 8 * (reg / 4) + 2 * (lane % 4) + reg % 2; }
int row_of_score(int lane, int reg) { return lane / 4 + 8 * (reg / 2 % 2); }

// Weights packed in the order of the scores are what the 8-bit matrix instruction takes as its first operand, when the
// values' tokens lie at value_place: in each 32 places, register r of a thread holds four bytes of row lane / 4 + 8 (r % 2).
void packed_weights_meet_their_values() {
  for (int lane = 0; lane < 32; ++lane) {
    for (int reg = 0; reg < 8; ++reg) {
      for (int byte = 0; byte < 4; ++byte) {
        const int operand_row = lane / 4 + 8 * (reg % 2);
        const int operand_place = 32 * (reg / 4) + 16 * (reg / 2 % 2) + 4 * (lane % 4) + byte;
        // 16 columns are 8 scores; the first register takes scores 0, 1, 4 and 5 of them, the second 2, 3, 6 and 7.
        const int score = 8 * (reg / 2) + 2 * (reg % 2) + 4 * (byte / 2) + byte % 2;
        CHECK(row_of_score(lane, score) == operand_row);
        CHECK(value_place(token_of_score(lane, score)) == operand_place);
      }
    }
  }
}

// 16-bit weights need no other order of tokens: in each 16, register r holds two of them.
void packed_half_weights_meet_their_values() {
  for (int lane = 0; lane < 32; ++lane) {
    for (int reg = 0; reg < 16; ++reg) {
      for (int element = 0; element < 2; ++element) {
        const int operand_row = lane / 4 + 8 * (reg % 2);
        const int operand_token = 16 * (reg / 4) + 8 * (reg / 2 % 2) + 2 * (lane % 4) + element;
        const int score = 2 * reg + element;
        CHECK(row_of_score(lane, score) == operand_row);
        CHECK(token_of_score(lane, score) == operand_token);
      }
    }
  }
}

// Two 16-bit key blocks copied panel by panel, the second block's rows behind the first's, are one block of 128 tokens.
void panels_of_two_blocks_join() {
  constexpr int kPanelBytes = kKeyBlock * 128;
  for (int block = 0; block < 2; ++block) {
    for (int token = 0; token < kKeyBlock; ++token) {
      for (int d = 0; d < 128; ++d) {
        const int panel = d / 64;
        const int in_panel = half_offset<kKeyBlock>(token, d) - panel * kPanelBytes;
        CHECK(
            (2 * panel + block) * kPanelBytes + in_panel == half_offset<2 * kKeyBlock>(block * kKeyBlock + token, d));
      }
    }
  }
}

// Rows of ones behind each value block of a stage, as kernels write them: wgmma, which finds row r of a matrix of 64-byte
// rows r / 8 groups of 512 bytes on, reads value_offset's bytes in the first D rows and the ones in the last 8.
template <int D>
void ones_follow_the_values() {
  constexpr int kRowBytes = kKeyBlock, kOnesRows = 8;
  constexpr int kBlockBytes = (D + kOnesRows) * kRowBytes;
  static_assert(kBlockBytes % 512 == 0, "the swizzle begins anew with each block");
  std::vector<uint8_t> stage(2 * kBlockBytes, 0xff);
  for (int block = 0; block < 2; ++block) {
    for (int d = 0; d < D; ++d) {
      for (int token = 0; token < kKeyBlock; ++token) {
        stage[block * kBlockBytes + value_offset(token, d)] = static_cast<uint8_t>((7 * d + token) % 199);
      }
    }
    std::fill_n(stage.begin() + block * kBlockBytes + D * kRowBytes, kOnesRows * kRowBytes, 0x38);
  }
  for (int block = 0; block < 2; ++block) {
    for (int row = 0; row < D + kOnesRows; ++row) {
      for (int token = 0; token < kKeyBlock; ++token) {
        const int place = value_place(token);
        const int address = block * kBlockBytes + row / 8 * 512 + row % 8 * kRowBytes + place / 32 * 32 + place % 32;
        CHECK(stage[swizzled(address, kRowBytes)] == (row < D ? (7 * row + token) % 199 : 0x38));
      }
    }
  }
}

}  // namespace
}  // namespace reelspark

int main() {
  reelspark::rows_lie_as_the_swizzle_reads_them<64>();
  reelspark::rows_lie_as_the_swizzle_reads_them<128>();
  reelspark::blocks_are_filled_once<64>();
  reelspark::blocks_are_filled_once<128>();
  reelspark::packed_weights_meet_their_values();
  reelspark::packed_half_weights_meet_their_values();
  reelspark::panels_of_two_blocks_join();
  reelspark::ones_follow_the_values<64>();
  reelspark::ones_follow_the_values<128>();
  std::puts("wgmma_layout_test: all checks passed");
  return 0;
}
