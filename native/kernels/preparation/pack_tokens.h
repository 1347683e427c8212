// Tiles of queries and keys: pooled, quantised, packed into swizzled blocks.
#pragma once

#include "pool.h"
#include "schedule.h"

namespace reelspark::preparation {

// Element of 16-bit operands.
template <typename T>
struct HalfType {
  using Type = T;
};
template <>
struct HalfType<float> {
  using Type = __nv_bfloat16;
};

__device__ inline void convert(float low, float high, __half2& result) { result = __floats2half2_rn(low, high); }
__device__ inline void convert(float low, float high, __nv_bfloat162& result) {
  result = __floats2bfloat162_rn(low, high);
}

// Writes eight dimensions of a token to a 16-bit block.
template <typename H, int BlockTokens, typename Numbers>
__device__ void store_half(void* block, int token, int dimension, const Numbers& octet) {
  Octet<H> packed;
#pragma unroll
  for (int i = 0; i < kOctet; i += 2) {
    convert(octet[i], octet[i + 1], packed.word[i / 2]);
  }
  *reinterpret_cast<uint4*>(static_cast<uint8_t*>(block) + half_offset<BlockTokens>(token, dimension)) =
      *reinterpret_cast<const uint4*>(&packed);
}

// Scale of int8 numbers of magnitudes up to `magnitude`, NaN unless it is finite.
__device__ inline float int8_scale(float magnitude) {
  const float scale = magnitude * (1 / 127.0f);
  return magnitude < kLeastMagnitude ? 0.0f : is_finite(magnitude) ? scale : __int_as_float(0x7fffffff);
}

__device__ inline float int8_inverse(float magnitude) {
  return magnitude >= kLeastMagnitude && is_finite(magnitude) ? 127 * approximate_inverse(magnitude) : 0.0f;
}

// Four numbers as int8. Adding 1.5 * 2^23 leaves the nearest integer in the low bits, at the full rate of additions,
// which conversions do not have.
__device__ inline uint32_t quantise(const float* value, float inverse_scale) {
  uint32_t bits[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    bits[i] = __float_as_uint(fmaf(value[i], inverse_scale, 12582912.0f));
  }
  const uint32_t low = __byte_perm(bits[0], bits[1], 0x0040);
  return __byte_perm(low, __byte_perm(bits[2], bits[3], 0x0040), 0x5410);
}

template <int D>
__device__ void store_int8(void* block, int token, int dimension, const float (&value)[kOctet], float inverse_scale) {
  *reinterpret_cast<uint2*>(static_cast<uint8_t*>(block) + int8_offset<D>(token, dimension)) =
      make_uint2(quantise(value, inverse_scale), quantise(value + 4, inverse_scale));
}

// Keys of one or two blocks.
template <typename T, int D, Format kFormat>
__device__ void pack_keys(Octets<T, D>& octets, const Tile<D>& tile, PoolParts<D>& parts) {
  using Warp = WarpTokens<D>;
  constexpr int kWarpsOfBlock = kKeyBlock / Warp::kTokens;
  constexpr int kBlocks = kWarps / kWarpsOfBlock;
  const int dimension = Warp::dimension();
  float mean[kOctet];
#pragma unroll
  for (int i = 0; i < kOctet; i += 4) {
    *reinterpret_cast<float4*>(&mean[i]) = *reinterpret_cast<const float4*>(&tile.vector[dimension + i]);
  }
  // Tokens past the end are zeros, from which no mean is to be taken.
  const auto smoothed = [&](int pass, float (&value)[kOctet]) {
    const float real = Warp::token(pass) < tile.tokens_left ? 1 : 0;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      value[i] = fmaf(-real, mean[i], octets[pass][i]);
    }
  };

  float squares[Warp::kPasses];
  float magnitude = 0;
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    float value[kOctet];
    smoothed(pass, value);
    squares[pass] = 0;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      squares[pass] = fmaf(value[i], value[i], squares[pass]);
      magnitude = greater(magnitude, fabsf(value[i]));
    }
  }
  fold_lanes<kWarpSize / 2, 1, 1>(&magnitude, [](float a, float b) { return greater(a, b); });
  if (lane_number() == 0) {
    parts.magnitudes[warp_number()] = magnitude;
  }
  const float own_norm = inverse_norm(Warp::of_own_token(squares, plus));
  sync_workers();

  const int block = warp_number() / kWarpsOfBlock;
  const auto length = [&](int b) { return block_range(tile.tokens_left, kKeyBlock, b).length; };
#pragma unroll
  for (int warp = 0; warp < kWarpsOfBlock; ++warp) {
    magnitude = greater(magnitude, parts.magnitudes[block * kWarpsOfBlock + warp]);
  }
  const float inverse = int8_inverse(magnitude);
  uint8_t* const packed = tile.packed + block * kKeyBlock * D * (kFormat == Format::kHalf ? 2 : 1);
  const bool exists = length(block) > 0;
  PoolSums sums;
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    const int token = Warp::token(pass) % kKeyBlock;
    float value[kOctet];
    keep_packed(octets[pass]);
    smoothed(pass, value);
    sums.add(value, Warp::of_pass(own_norm, pass));
    if (exists) {
      if constexpr (kFormat == Format::kHalf) {
        store_half<typename HalfType<T>::Type, kKeyBlock>(packed, token, dimension, octets[pass]);
      } else {
        store_int8<D>(packed, token, dimension, value, inverse);
      }
    }
  }
  if (kFormat != Format::kHalf && exists && threadIdx.x % (kWorkers / kBlocks) == 0) {
    tile.scales[block] = int8_scale(magnitude);
  }
  sums.store(parts);
  sync_workers();

  const int pooled_block = warp_number() / 2;
  if (pooled_block < kBlocks && length(pooled_block) > 0) {
    PoolTotals<D> totals;
    totals.template add<kWarpsOfBlock>(parts.sums[warp_number() % 2], pooled_block * kWarpsOfBlock);
    if (warp_number() % 2 == 0) {
      const int first = lane_number() * PoolTotals<D>::kOwn;
      totals.store_mean(length(pooled_block),
                        tile.pooled + pooled_key_offset(tile.index * kBlocks + pooled_block, first, D));
    } else {
      totals.store_similarity(length(pooled_block), tile.similarities + pooled_block);
    }
  }
}

// Queries of one row or a part of it. `totals` hold what the parts before have summed.
template <typename T, int D, Format kFormat>
__device__ void pack_queries(Octets<T, D>& octets, const Tile<D>& tile, float softmax_scale, PoolParts<D>& parts,
                             PoolTotals<D>& totals) {
  using Warp = WarpTokens<D>;
  constexpr float kLog2E = 1.44269504088896341f;
  const int dimension = Warp::dimension();
  const int first = tile.part * tile_tokens(D);
  float squares[Warp::kPasses], magnitudes[Warp::kPasses];
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    squares[pass] = 0;
    magnitudes[pass] = octets[pass].greatest_magnitude();
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      squares[pass] = fmaf(octets[pass][i], octets[pass][i], squares[pass]);
    }
  }
  const float own_norm = inverse_norm(Warp::of_own_token(squares, plus));
  const float own_magnitude = Warp::of_own_token(magnitudes, [](float a, float b) { return greater(a, b); });
  const float own_inverse = int8_inverse(own_magnitude);
  const int own = first + Warp::own_token();
  if (kFormat != Format::kHalf && Warp::is_first_owner()) {
    tile.scales[own] = int8_scale(own_magnitude) * (softmax_scale * kLog2E);
  }
  if (tile.log_sum_exp_shift != nullptr) {
    float dots[Warp::kPasses];
#pragma unroll
    for (int pass = 0; pass < Warp::kPasses; ++pass) {
      dots[pass] = 0;
#pragma unroll
      for (int i = 0; i < kOctet; ++i) {
        dots[pass] = fmaf(octets[pass][i], tile.vector[dimension + i], dots[pass]);
      }
    }
    const float dot = Warp::of_own_token(dots, plus);
    if (Warp::is_first_owner()) {
      // Keys in 16 bits are not smoothed.
      tile.log_sum_exp_shift[own] = kFormat == Format::kHalf ? 0.0f : dot * softmax_scale;
    }
  }

  PoolSums sums;
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    const int token = first + Warp::token(pass);
    float value[kOctet];
    keep_packed(octets[pass]);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      value[i] = octets[pass][i];
    }
    sums.add(value, Warp::of_pass(own_norm, pass));
    if constexpr (kFormat == Format::kHalf) {
      store_half<typename HalfType<T>::Type, kQueryBlock>(tile.packed, token, dimension, octets[pass]);
    } else {
      store_int8<D>(tile.packed, token, dimension, value, Warp::of_pass(own_inverse, pass));
    }
  }
  sums.store(parts);
  sync_workers();

  if (warp_number() < 2) {
    if (tile.part == 0) {
      totals = {};
    }
    totals.template add<kWarps>(parts.sums[warp_number()], 0);
    if (tile.part == kTilesOfRow<D> - 1) {
      const int length = block_range(tile.tokens_left + first, kQueryBlock, 0).length;
      if (warp_number() == 0) {
        totals.store_mean(length, tile.pooled + lane_number() * PoolTotals<D>::kOwn);
      } else {
        totals.store_similarity(length, tile.similarities);
      }
    }
  }
}

}  // namespace reelspark::preparation
