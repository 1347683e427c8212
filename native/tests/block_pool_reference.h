// Block pooling on the host in fp64, written as the definition reads.
#pragma once

#include <cmath>
#include <vector>

#include "reelspark/block_layout.h"

namespace reelspark {

struct PooledBlock {
  std::vector<double> mean;
  double similarity;
};

// Pools the tokens of one block. `element(token, dimension)` is an entry of the block, smoothing included.
template <typename Element>
PooledBlock pool_block(int length, int head_dim, const Element& element) {
  std::vector<double> sum(head_dim), unit_sum(head_dim);
  for (int token = 0; token < length; ++token) {
    double squares = 0;
    for (int d = 0; d < head_dim; ++d) {
      squares += element(token, d) * element(token, d);
    }
    const double inverse_norm = squares == 0 ? 0 : 1 / std::sqrt(squares);
    for (int d = 0; d < head_dim; ++d) {
      sum[d] += element(token, d);
      unit_sum[d] += element(token, d) * inverse_norm;
    }
  }
  PooledBlock pooled{std::vector<double>(head_dim), 0};
  for (int d = 0; d < head_dim; ++d) {
    pooled.mean[d] = sum[d] / length;
    pooled.similarity += unit_sum[d] / length * (unit_sum[d] / length);
  }
  return pooled;
}

}  // namespace reelspark
