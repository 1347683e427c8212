// Mean token and self-similarity of blocks, for the prediction of which blocks matter (SpargeAttn, arXiv 2502.18137).
//
// Self-similarity is the mean of all entries of the Gram matrix of the block's normalised tokens. That equals the squared
// norm of the mean normalised token, which costs one pass over the block.
#pragma once

#include "tokens.h"

namespace reelspark::preparation {

// What the warps found in their tokens: sums of tokens, then sums of normalised tokens.
template <int D>
struct alignas(16) PoolParts {
  float sums[2][kWarps][D];
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
    const auto place = [&](int which) -> auto& {
      return *reinterpret_cast<typename Warp::Folded*>(&parts.sums[which][warp_number()][Warp::folded_dimension()]);
    };
    place(0) = Warp::fold_tokens(sum, plus);
    place(1) = Warp::fold_tokens(unit_sum, plus);
  }
};

// A zero token has no direction and adds nothing; the comparison lets NaN through.
__device__ inline float inverse_norm(float squares) { return squares == 0 ? 0.0f : rsqrtf(squares); }

// One warp adds up what kCount warps from `first` on have stored, after a barrier; each lane gets some dimensions.
template <int D>
struct PoolTotals {
  static constexpr int kOwn = D / kWarpSize;
  struct alignas(4 * kOwn) Own {
    float value[kOwn];
  };
  Own own = {};

  template <int kCount>
  __device__ void add(const float (&sums)[kWarps][D], int first) {
#pragma unroll
    for (int warp = 0; warp < kCount; ++warp) {
      const Own part = reinterpret_cast<const Own*>(sums[first + warp])[lane_number()];
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        own.value[i] += part.value[i];
      }
    }
  }

  // Of sums of tokens: the mean of `length`. `mean` is where those of this lane's dimensions go.
  __device__ void store_mean(int length, float* mean) const {
    const float share = approximate_inverse(static_cast<float>(length));
    Own result;
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
      result.value[i] = own.value[i] * share;
    }
    *reinterpret_cast<Own*>(mean) = result;
  }

  // Of sums of normalised tokens.
  __device__ void store_similarity(int length, float* similarity) const {
    const float share = approximate_inverse(static_cast<float>(length));
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
      const float mean = own.value[i] * share;
      squares = fmaf(mean, mean, squares);
    }
    squares = sum_over_warp(squares);
    if (lane_number() == 0) {
      *similarity = squares;
    }
  }
};

}  // namespace reelspark::preparation
