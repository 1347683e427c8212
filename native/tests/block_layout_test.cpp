// The arithmetic of blocks and strides, and the identity that block pooling rests on. Needs no GPU.
#include "reelspark/block_layout.h"

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "block_pool_reference.h"
#include "check.h"

namespace reelspark {
namespace {

void blocks_cover_every_token_once() {
  for (int block_tokens : {1, 2, 3, 64, 128}) {
    for (int64_t tokens = 1; tokens <= 300; ++tokens) {
      int64_t next = 0;
      for (int64_t block = 0; block < block_count(tokens, block_tokens); ++block) {
        const BlockRange range = block_range(tokens, block_tokens, block);
        CHECK(range.begin == next);
        CHECK(range.length >= 1 && range.length <= block_tokens);
        next += range.length;
      }
      CHECK(next == tokens);
    }
  }
}

void only_the_last_block_is_short() {
  CHECK(block_count(130, 64) == 3);
  CHECK(block_range(130, 64, 0).length == 64);
  CHECK(block_range(130, 64, 1).length == 64);
  CHECK(block_range(130, 64, 2).begin == 128);
  CHECK(block_range(130, 64, 2).length == 2);
}

// Either storage order visits every element of the tensor once.
void strides_describe_both_storage_orders() {
  constexpr int64_t kBatch = 2, kHeads = 3, kTokens = 5, kHeadDim = 4;
  const TokenStrides token_major{kTokens * kHeads * kHeadDim, kHeadDim, kHeads * kHeadDim};
  const TokenStrides head_major{kHeads * kTokens * kHeadDim, kTokens * kHeadDim, kHeadDim};
  for (const TokenStrides& strides : {token_major, head_major}) {
    std::set<int64_t> offsets;
    for (int64_t batch = 0; batch < kBatch; ++batch) {
      for (int64_t head = 0; head < kHeads; ++head) {
        for (int64_t token = 0; token < kTokens; ++token) {
          offsets.insert(token_offset(strides, batch, head, token));
        }
      }
    }
    CHECK(offsets.size() == kBatch * kHeads * kTokens);
    CHECK(*offsets.begin() == 0);
    CHECK(*offsets.rbegin() == (kBatch * kHeads * kTokens - 1) * kHeadDim);
  }
  CHECK(token_offset(token_major, 1, 2, 3) == ((1 * kTokens + 3) * kHeads + 2) * kHeadDim);
  CHECK(token_offset(head_major, 1, 2, 3) == ((1 * kHeads + 2) * kTokens + 3) * kHeadDim);
}

void offsets_and_rows_pass_32_bits() {
  constexpr int64_t kTokens = 4'000'000, kHeads = 40, kHeadDim = 128;
  const TokenStrides strides{kTokens * kHeads * kHeadDim, kHeadDim, kHeads * kHeadDim};
  CHECK(token_offset(strides, 1, 39, kTokens - 1) == 2 * kTokens * kHeads * kHeadDim - kHeadDim);
  CHECK(token_offset(strides, 1, 39, kTokens - 1) > INT64_C(40'000'000'000));

  const int64_t tokens = INT64_C(3) << 31;
  CHECK(block_count(tokens, 1) == tokens);
  CHECK(block_range(tokens, 1, tokens - 1).begin == tokens - 1);
  CHECK(block_row(1, 39, 7, 40, INT64_C(1) << 31) == 79 * (INT64_C(1) << 31) + 7);
}

// Mean of all entries of the Gram matrix of the normalised tokens, in the quadratic way.
double gram_mean(const std::vector<double>& tokens, int length, int head_dim) {
  double sum = 0;
  for (int a = 0; a < length; ++a) {
    for (int b = 0; b < length; ++b) {
      double dot = 0, norm_a = 0, norm_b = 0;
      for (int d = 0; d < head_dim; ++d) {
        dot += tokens[a * head_dim + d] * tokens[b * head_dim + d];
        norm_a += tokens[a * head_dim + d] * tokens[a * head_dim + d];
        norm_b += tokens[b * head_dim + d] * tokens[b * head_dim + d];
      }
      sum += dot / std::sqrt(norm_a * norm_b);
    }
  }
  return sum / length / length;
}

void similarity_is_the_mean_of_the_gram_matrix() {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0.3, 1.0);
  for (int length : {1, 2, 17, 64}) {
    for (int head_dim : {3, 64}) {
      std::vector<double> tokens(length * head_dim);
      for (double& value : tokens) {
        value = normal(random);
      }
      const PooledBlock pooled =
          pool_block(length, head_dim, [&](int token, int d) { return tokens[token * head_dim + d]; });
      CHECK_NEAR(pooled.similarity, gram_mean(tokens, length, head_dim), 1e-12);
    }
  }
}

void equal_tokens_are_fully_similar_and_zero_tokens_not_at_all() {
  CHECK_NEAR(pool_block(64, 8, [](int, int d) { return d + 1.0; }).similarity, 1, 1e-12);
  CHECK_NEAR(pool_block(64, 8, [](int, int) { return 0.0; }).similarity, 0, 0);
  CHECK_NEAR(pool_block(2, 1, [](int token, int) { return token == 0 ? 2.0 : -5.0; }).similarity, 0, 1e-12);
}

}  // namespace
}  // namespace reelspark

int main() {
  reelspark::blocks_cover_every_token_once();
  reelspark::only_the_last_block_is_short();
  reelspark::strides_describe_both_storage_orders();
  reelspark::offsets_and_rows_pass_32_bits();
  reelspark::similarity_is_the_mean_of_the_gram_matrix();
  reelspark::equal_tokens_are_fully_similar_and_zero_tokens_not_at_all();
  std::puts("block_layout_test: all checks passed");
  return 0;
}
