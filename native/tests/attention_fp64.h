// Attention over selected key blocks on the host in fp64, as the semantics read.
#pragma once

#include <limits>

#include "attention_operands.h"
#include "reelspark/attention_arguments.h"

namespace reelspark {

struct AttentionProblem {
  AttentionShape shape;
  const HeadArray& queries;
  const HeadArray& keys;
  const HeadArray& values;
  double score_scale;  // softmax scale * log2(e)
  Masking masking = Masking::kNone;
  const BlockLists* lists = nullptr;  // null for every block that masking admits
  double pv_threshold = std::numeric_limits<double>::infinity();
  int query_group = 32;  // consecutive queries that share the decision to leave out a block
};

struct AttendedQuery {
  std::vector<double> output;
  double log_sum_exp;
};

struct AttendedGroup {
  std::vector<AttendedQuery> queries;
  int skipped_blocks = 0;
};

// One group of queries, from `first` on, of one block of one head.
inline AttendedGroup attend_group(const AttentionProblem& problem, int batch, int head, int64_t first) {
  const AttentionShape& shape = problem.shape;
  const int64_t query_head = int64_t{batch} * shape.query_heads + head;
  const int64_t key_head = int64_t{batch} * shape.key_heads + shape.key_head(head);
  const int64_t end = std::min({first + problem.query_group, shape.query_tokens,
                                first / kQueryBlock * kQueryBlock + kQueryBlock});
  const int64_t row = query_head * shape.query_blocks() + first / kQueryBlock;
  const int64_t last_of_block = std::min(shape.query_tokens, first / kQueryBlock * kQueryBlock + kQueryBlock) - 1;
  const int64_t count =
      problem.lists != nullptr
          ? problem.lists->counts[row]
          : block_count(visible_keys(last_of_block, shape.query_tokens, shape.key_tokens, problem.masking), kKeyBlock);

  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> maximum(end - first, -kInfinity), sum(end - first);
  std::vector<std::vector<double>> output(end - first, std::vector<double>(shape.head_dim));
  AttendedGroup group;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t block = problem.lists != nullptr ? problem.lists->ids[row * shape.key_blocks() + i] : i;
    std::vector<std::vector<double>> scores(end - first);
    bool negligible = true;
    for (int64_t q = 0; q < end - first; ++q) {
      const int64_t visible = visible_keys(first + q, shape.query_tokens, shape.key_tokens, problem.masking);
      double greatest = -kInfinity;
      for (int64_t key = block * kKeyBlock; key < std::min(visible, (block + 1) * kKeyBlock); ++key) {
        double dot = 0;
        for (int d = 0; d < shape.head_dim; ++d) {
          dot += double{problem.queries.token(query_head, first + q)[d]} * problem.keys.token(key_head, key)[d];
        }
        scores[q].push_back(dot * problem.score_scale);
        greatest = std::fmax(greatest, scores[q].back());
      }
      const double reference = std::fmax(maximum[q], greatest);
      if (reference > maximum[q]) {
        const double factor = std::exp2(maximum[q] - reference);
        sum[q] *= factor;
        for (double& value : output[q]) {
          value *= factor;
        }
        maximum[q] = reference;
      }
      negligible &= greatest - reference < -problem.pv_threshold;
    }
    if (negligible) {
      ++group.skipped_blocks;
      continue;
    }
    for (int64_t q = 0; q < end - first; ++q) {
      for (size_t j = 0; j < scores[q].size(); ++j) {
        const double weight = std::exp2(scores[q][j] - maximum[q]);
        sum[q] += weight;
        for (int d = 0; d < shape.head_dim; ++d) {
          output[q][d] += weight * problem.values.token(key_head, block * kKeyBlock + j)[d];
        }
      }
    }
  }
  for (int64_t q = 0; q < end - first; ++q) {
    for (double& value : output[q]) {
      value = sum[q] == 0 ? 0 : value / sum[q];
    }
    const double log_sum = sum[q] == 0 ? -kInfinity : (maximum[q] + std::log2(sum[q])) * std::log(2.0);
    group.queries.push_back({std::move(output[q]), log_sum});
  }
  return group;
}

}  // namespace reelspark
