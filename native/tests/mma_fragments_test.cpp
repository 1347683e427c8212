// The operand addresses of the portable attention kernel, with ldmatrix and mma.sync simulated on the host as the
// instruction set defines them. Needs no GPU.
#include "reelspark/mma_fragments.h"

#include <array>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "check.h"

namespace reelspark {
namespace {

constexpr int kLanes = 32;
using Fragments = std::array<std::array<uint32_t, 4>, kLanes>;  // four registers of each lane
using Tile = std::array<std::array<int64_t, kMmaColumns>, kMmaRows>;

// What ldmatrix.x4 leaves in the registers: of matrix i, lane 4r + c holds bytes 4c .. 4c + 3 of row r.
template <typename Address>
Fragments load_matrices(const std::vector<uint8_t>& memory, const Address& address) {
  Fragments fragments;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      std::memcpy(&fragments[lane][matrix], &memory.at(address(8 * matrix + lane / 4) + lane % 4 * 4), 4);
    }
  }
  return fragments;
}

// With .trans: of matrix i, lane 4r + c holds the 16-bit elements r of rows 2c and 2c + 1.
template <typename Address>
Fragments load_matrices_transposed(const std::vector<uint8_t>& memory, const Address& address) {
  Fragments fragments;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      for (int i = 0; i < 2; ++i) {
        const int row = lane % 4 * 2 + i;
        std::memcpy(reinterpret_cast<char*>(&fragments[lane][matrix]) + 2 * i,
                    &memory.at(address(8 * matrix + row) + lane / 4 * 2), 2);
      }
    }
  }
  return fragments;
}

template <typename Element>
Element element_of(uint32_t packed, int i) {
  Element element;
  std::memcpy(&element, reinterpret_cast<const char*>(&packed) + i * sizeof(Element), sizeof element);
  return element;
}

// mma.sync on elements of 8 bits (m16n8k32) or 16 bits (m16n8k16), where register i of the lane 4g + l of A holds the
// elements from (4 / size) * l + (16 / size) * (i / 2) on of row g + 8 (i % 2), and of B those of column g.
template <typename Element>
void multiply(Tile& sums, const Fragments& a, const Fragments& b, int first_of_b) {
  constexpr int kSize = sizeof(Element);
  constexpr int kDepth = kStepBytes / kSize;
  constexpr int kPacked = 4 / kSize;
  for (int row = 0; row < kMmaRows; ++row) {
    for (int column = 0; column < kMmaColumns; ++column) {
      for (int k = 0; k < kDepth; ++k) {
        const int upper = k / (kDepth / 2), lane = k % (kDepth / 2) / kPacked, i = k % kPacked;
        sums[row][column] +=
            int64_t{element_of<Element>(a[row % 8 * 4 + lane][row / 8 + 2 * upper], i)} *
            element_of<Element>(b[column * 4 + lane][first_of_b + upper], i);
      }
    }
  }
}

template <typename Element>
std::vector<Element> random_elements(size_t count, int seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> uniform(-100, 100);
  std::vector<Element> elements(count);
  for (Element& element : elements) {
    element = static_cast<Element>(uniform(random));
  }
  return elements;
}

template <typename Element>
void put(std::vector<uint8_t>& block, int offset, Element element) {
  std::memcpy(&block.at(offset), &element, sizeof element);
}

// queries keys^T from packed blocks. `offset_of_query(token, dimension)` and the like say where elements lie.
template <typename Element, int RowBytes, typename QueryOffset, typename KeyOffset>
void scores_are_products(int head_dim, const QueryOffset& query_offset, const KeyOffset& key_offset) {
  constexpr int kSize = sizeof(Element);
  const auto queries = random_elements<Element>(kQueryBlock * head_dim, 1);
  const auto keys = random_elements<Element>(kKeyBlock * head_dim, 2);
  std::vector<uint8_t> query_block(queries.size() * kSize), key_block(keys.size() * kSize);
  for (int d = 0; d < head_dim; ++d) {
    for (int token = 0; token < kQueryBlock; ++token) {
      put(query_block, query_offset(token, d), queries[token * head_dim + d]);
    }
    for (int token = 0; token < kKeyBlock; ++token) {
      put(key_block, key_offset(token, d), keys[token * head_dim + d]);
    }
  }
  for (int first_query = 0; first_query < kQueryBlock; first_query += kMmaRows) {
    for (int first_key = 0; first_key < kKeyBlock; first_key += 2 * kMmaColumns) {
      Tile sums[2] = {};
      for (int step = 0; step < head_dim * kSize / kStepBytes; ++step) {
        const int panel = step * kStepBytes / RowBytes;
        const Fragments a = load_matrices(query_block, [&](int lane) {
          return step_offset<RowBytes>(a_operand_offset<RowBytes>(lane), step) + panel * kQueryBlock * RowBytes +
                 first_query * RowBytes;
        });
        const Fragments b = load_matrices(key_block, [&](int lane) {
          return step_offset<RowBytes>(b_operand_offset<RowBytes>(lane), step) + panel * kKeyBlock * RowBytes +
                 first_key * RowBytes;
        });
        multiply<Element>(sums[0], a, b, 0);
        multiply<Element>(sums[1], a, b, 2);
      }
      for (int row = 0; row < kMmaRows; ++row) {
        for (int column = 0; column < 2 * kMmaColumns; ++column) {
          int64_t expected = 0;
          for (int d = 0; d < head_dim; ++d) {
            expected += int64_t{queries[(first_query + row) * head_dim + d]} * keys[(first_key + column) * head_dim + d];
          }
          CHECK(sums[column / kMmaColumns][row][column % kMmaColumns] == expected);
        }
      }
    }
  }
}

// weights values, where lane 4g + l holds the weights of keys 8n + 2l and 8n + 2l + 1 as the product of queries and keys
// leaves them.
template <typename Element>
Fragments weights_of_step(const std::vector<Element>& weights, int step) {
  constexpr int kPairs = 4 / sizeof(Element) / 2;  // of neighbouring keys in a register
  Fragments a = {};
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < 4; ++i) {
      for (int pair = 0; pair < kPairs; ++pair) {
        const int tile = step * 2 * kPairs + i / 2 * kPairs + pair;
        for (int e = 0; e < 2; ++e) {
          const Element weight = weights[(lane / 4 + 8 * (i % 2)) * kKeyBlock + tile * 8 + lane % 4 * 2 + e];
          std::memcpy(reinterpret_cast<char*>(&a[lane][i]) + (2 * pair + e) * sizeof(Element), &weight, sizeof weight);
        }
      }
    }
  }
  return a;
}

template <typename Element>
int64_t weighted_value(
    const std::vector<Element>& weights, const std::vector<Element>& values, int head_dim, int row, int dimension) {
  int64_t sum = 0;
  for (int token = 0; token < kKeyBlock; ++token) {
    sum += int64_t{weights[row * kKeyBlock + token]} * values[token * head_dim + dimension];
  }
  return sum;
}

void values_of_16_bits_are_weighted(int head_dim) {
  constexpr int kRowBytes = 128;
  const auto weights = random_elements<int16_t>(kMmaRows * kKeyBlock, 3);
  const auto values = random_elements<int16_t>(kKeyBlock * head_dim, 4);
  std::vector<uint8_t> block(values.size() * 2);
  for (int token = 0; token < kKeyBlock; ++token) {
    for (int d = 0; d < head_dim; ++d) {
      put(block, half_offset<kKeyBlock>(token, d), values[token * head_dim + d]);
    }
  }
  for (int n = 0; n < head_dim / kMmaColumns; n += 2) {
    Tile sums[2] = {};
    const int step = n / 2;
    for (int k = 0; k < kKeyBlock / kMmaRows; ++k) {
      const Fragments b = load_matrices_transposed(block, [&](int lane) {
        return step_offset<kRowBytes>(transposed_b_operand_offset<kRowBytes>(lane), step) +
               step * kStepBytes / kRowBytes * kKeyBlock * kRowBytes + k * kMmaRows * kRowBytes;
      });
      const Fragments a = weights_of_step(weights, k);
      multiply<int16_t>(sums[0], a, b, 0);
      multiply<int16_t>(sums[1], a, b, 2);
    }
    for (int row = 0; row < kMmaRows; ++row) {
      for (int column = 0; column < 2 * kMmaColumns; ++column) {
        CHECK(sums[column / kMmaColumns][row][column % kMmaColumns] ==
              weighted_value(weights, values, head_dim, row, n * kMmaColumns + column));
      }
    }
  }
}

// The bytes of e4m3 values, taken as integers.
void values_of_8_bits_are_weighted(int head_dim) {
  constexpr int kRowBytes = kKeyBlock;
  const auto weights = random_elements<int8_t>(kMmaRows * kKeyBlock, 5);
  const auto values = random_elements<int8_t>(kKeyBlock * head_dim, 6);
  std::vector<uint8_t> block(values.size());
  for (int token = 0; token < kKeyBlock; ++token) {
    for (int d = 0; d < head_dim; ++d) {
      put(block, value_offset(token, d), values[token * head_dim + d]);
    }
  }
  for (int n = 0; n < head_dim / kMmaColumns; n += 2) {
    Tile sums[2] = {};
    for (int step = 0; step < kKeyBlock / kStepBytes; ++step) {
      const Fragments b = load_matrices(block, [&](int lane) {
        return step_offset<kRowBytes>(b_operand_offset<kRowBytes>(lane), step) + n * kMmaColumns * kRowBytes;
      });
      const Fragments a = weights_of_step(weights, step);
      multiply<int8_t>(sums[0], a, b, 0);
      multiply<int8_t>(sums[1], a, b, 2);
    }
    for (int row = 0; row < kMmaRows; ++row) {
      for (int column = 0; column < 2 * kMmaColumns; ++column) {
        CHECK(sums[column / kMmaColumns][row][column % kMmaColumns] ==
              weighted_value(weights, values, head_dim, row, n * kMmaColumns + column));
      }
    }
  }
}

// The eight rows of each matrix lie in different banks.
template <typename Offset>
void rows_meet_no_bank_twice(const Offset& offset) {
  for (int matrix = 0; matrix < 4; ++matrix) {
    std::set<int> units;
    for (int lane = 8 * matrix; lane < 8 * matrix + 8; ++lane) {
      units.insert(offset(lane) / 16 % 8);
    }
    CHECK(units.size() == 8);
  }
}

}  // namespace
}  // namespace reelspark

int main() {
  using namespace reelspark;
  scores_are_products<int8_t, 64>(64, int8_offset<64>, int8_offset<64>);
  scores_are_products<int8_t, 128>(128, int8_offset<128>, int8_offset<128>);
  for (int head_dim : {64, 128}) {
    scores_are_products<int16_t, 128>(head_dim, half_offset<kQueryBlock>, half_offset<kKeyBlock>);
    values_of_16_bits_are_weighted(head_dim);
    values_of_8_bits_are_weighted(head_dim);
  }
  rows_meet_no_bank_twice(a_operand_offset<64>);
  rows_meet_no_bank_twice(a_operand_offset<128>);
  rows_meet_no_bank_twice(b_operand_offset<64>);
  rows_meet_no_bank_twice(b_operand_offset<128>);
  rows_meet_no_bank_twice(transposed_b_operand_offset<128>);
  std::puts("mma_fragments_test: all checks passed");
  return 0;
}
