// Mean token and self-similarity of blocks, for the prediction of which blocks matter (SpargeAttn, arXiv 2502.18137).
//
// Self-similarity is the mean of all entries of the Gram matrix of the block's normalised tokens. That equals the squared
// norm of the mean normalised token, which costs one pass over the block.
#pragma once

#include "tokens.h"

namespace reelspark::preparation {

// What the warps of a thread block found in their tokens.
template <int D>
struct alignas(16) PoolParts {
  float sums[kWarps][D];
  float unit_sums[kWarps][D];
  float squares[kWarps];
  float magnitudes[kWarps];
};

// Sums over the tokens that a thread sees, of eight dimensions.
struct PoolSums {
  float sum[kOctet] = {};
  float unit_sum[kOctet] = {};

  __device__ void add(const float (&value)[kOctet], float inverse_norm) {
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      sum[i] += value[i];
      unit_sum[i] = fmaf(value[i], inverse_norm, unit_sum[i]);
    }
  }

  template <int D>
  __device__ void store(PoolParts<D>& parts) {
    using Warp = WarpTokens<D>;
    constexpr int kOwn = kOctet / Warp::kAtOnce;
    struct alignas(4 * kOwn) Own {
      float value[kOwn];
    };
    const int dimension = Warp::dimension() + Warp::lane() / Warp::kLanes * kOwn;
    fold_lanes<kWarpSize / 2, Warp::kLanes, kOctet>(sum, plus);
    fold_lanes<kWarpSize / 2, Warp::kLanes, kOctet>(unit_sum, plus);
    Own own, own_unit;
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
      own.value[i] = sum[i];
      own_unit.value[i] = unit_sum[i];
    }
    *reinterpret_cast<Own*>(&parts.sums[Warp::warp()][dimension]) = own;
    *reinterpret_cast<Own*>(&parts.unit_sums[Warp::warp()][dimension]) = own_unit;
  }
};

// A zero token has no direction and adds nothing; the comparison lets NaN through.
__device__ inline float inverse_norm(float squares) { return squares == 0 ? 0.0f : rsqrtf(squares); }

// Combines what warps have stored, after a barrier: each of the kBlocks blocks was seen by as many consecutive warps.
// Blocks of no tokens are left out. `mean(block, dimension)` and `similarity(block)` say where results go.
template <int D, int kBlocks, typename Length, typename Mean, typename Similarity>
__device__ void finish_pools(PoolParts<D>& parts, const Length& length, const Mean& mean, const Similarity& similarity) {
  constexpr int kWarpsOfBlock = kWarps / kBlocks;
  const int block = threadIdx.x / D;
  const int dimension = threadIdx.x % D;
  float square = 0;
  if (block < kBlocks && length(block) > 0) {
    float total = 0, unit_total = 0;
#pragma unroll
    for (int warp = 0; warp < kWarpsOfBlock; ++warp) {
      total += parts.sums[block * kWarpsOfBlock + warp][dimension];
      unit_total += parts.unit_sums[block * kWarpsOfBlock + warp][dimension];
    }
    const float share = approximate_inverse(static_cast<float>(length(block)));
    *mean(block, dimension) = total * share;
    const float unit_mean = unit_total * share;
    square = unit_mean * unit_mean;
  }
  square = sum_over_lanes<1, kWarpSize>(square);
  if (WarpTokens<D>::lane() == 0) {
    parts.squares[WarpTokens<D>::warp()] = square;
  }
  __syncthreads();
  const int own = threadIdx.x;
  if (own < kBlocks && length(own) > 0) {
    float total = 0;
#pragma unroll
    for (int warp = 0; warp < D / kWarpSize; ++warp) {
      total += parts.squares[own * (D / kWarpSize) + warp];
    }
    *similarity(own) = total;
  }
}

}  // namespace reelspark::preparation
