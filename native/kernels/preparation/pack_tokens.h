// Queries and keys of kPackTokens tokens: pooled, quantised, packed into swizzled blocks.
#pragma once

#include "pool.h"
#include "signals.h"
#include "tokens.h"

namespace reelspark::preparation {

// Operands in 8 bits, their values in e4m3 or fp16, or all in 16 bits.
enum class Format { kInt8E4m3, kInt8F16, kHalf };

// Element of 16-bit operands.
template <typename T>
struct HalfType {
  using Type = T;
};
template <>
struct HalfType<float> {
  using Type = __nv_bfloat16;
};

__device__ inline void convert(float value, __half& result) { result = __float2half_rn(value); }
__device__ inline void convert(float value, __nv_bfloat16& result) { result = __float2bfloat16_rn(value); }

// Writes eight dimensions of a token to a 16-bit block.
template <typename H, int BlockTokens, typename T>
__device__ void store_half(void* block, int token, int dimension, const T& octet) {
  Octet<H> packed;
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
    convert(octet[i], packed.element[i]);
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

template <int D>
__device__ constexpr int64_t block_bytes(Format format, int tokens) {
  return int64_t{tokens} * D * (format == Format::kHalf ? 2 : 1);
}

// Keys of two blocks, one for each half of the warps. All tokens are loaded first, then the mean is waited for.
template <typename T, int D, Format kFormat>
__device__ void pack_keys(const HeadView<T>& keys, int64_t head, int64_t tile, const PreparationSize& size,
                          const Scratch& offsets, const PreparationArguments& arguments, PoolParts<D>& parts) {
  using Warp = WarpTokens<D>;
  constexpr int kWarpsOfBlock = kKeyBlock / Warp::kTokens;
  constexpr int kBlocks = kPackTokens / kKeyBlock;
  const int dimension = Warp::dimension();
  Octet<T> octets[Warp::kPasses];
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    octets[pass] = keys.template load<Reuse::kNever>(tile * kPackTokens + Warp::token(pass), dimension);
  }
  wait_for(reinterpret_cast<const uint32_t*>(arguments.scratch + offsets.means_done) + head, 1);
  float mean[kOctet];
#pragma unroll
  for (int i = 0; i < kOctet; i += 4) {
    *reinterpret_cast<float4*>(&mean[i]) =
        __ldcg(reinterpret_cast<const float4*>(arguments.scratch + offsets.means) + (head * D + dimension + i) / 4);
  }
  // Tokens past the end are zeros, from which no mean is to be taken.
  const auto smoothed = [&](int pass, float (&value)[kOctet]) {
    const float real = tile * kPackTokens + Warp::token(pass) < size.key_tokens ? 1 : 0;
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
  fold_lanes<kWarpSize / 2, 1, 1>(&magnitude, greater);
  if (Warp::lane() == 0) {
    parts.magnitudes[Warp::warp()] = magnitude;
  }
  const float own_norm = inverse_norm(Warp::of_own_token(squares, plus));
  __syncthreads();

  const int half = Warp::warp() / kWarpsOfBlock;
  const int64_t block = tile * kBlocks + half;
#pragma unroll
  for (int warp = 0; warp < kWarpsOfBlock; ++warp) {
    magnitude = greater(magnitude, parts.magnitudes[half * kWarpsOfBlock + warp]);
  }
  const float inverse = int8_inverse(magnitude);
  uint8_t* const packed = static_cast<uint8_t*>(arguments.packed_keys) +
                          (head * size.key_blocks() + block) * block_bytes<D>(kFormat, kKeyBlock);
  const bool exists = block < size.key_blocks();
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
  if (kFormat != Format::kHalf && exists && threadIdx.x % (kThreads / kBlocks) == 0) {
    arguments.key_scales[head * size.key_blocks() + block] = int8_scale(magnitude);
  }
  sums.store(parts);
  __syncthreads();

  float* const pooled = reinterpret_cast<float*>(arguments.scratch + offsets.pooled_keys) +
                        head * block_count(size.key_blocks(), kPooledTile) * kPooledTile * D;
  float* const similarities =
      reinterpret_cast<float*>(arguments.scratch + offsets.key_similarities) + head * size.key_blocks();
  finish_pools<D, kBlocks>(
      parts, [&](int i) { return block_range(size.key_tokens, kKeyBlock, tile * kBlocks + i).length; },
      [&](int i, int d) { return pooled + pooled_key_offset(tile * kBlocks + i, d, D); },
      [&](int i) { return similarities + tile * kBlocks + i; });
}

// Queries of one block.
template <typename T, int D, Format kFormat>
__device__ void pack_queries(const HeadView<T>& queries, int64_t query_head, int64_t key_head, int64_t block,
                             const PreparationSize& size, const Scratch& offsets,
                             const PreparationArguments& arguments, PoolParts<D>& parts) {
  using Warp = WarpTokens<D>;
  static_assert(kPackTokens == kQueryBlock);
  constexpr float kLog2E = 1.44269504088896341f;
  const int dimension = Warp::dimension();
  const int64_t row = query_head * size.query_blocks() + block;
  uint8_t* const packed =
      static_cast<uint8_t*>(arguments.packed_queries) + row * block_bytes<D>(kFormat, kQueryBlock);
  Octet<T> octets[Warp::kPasses];
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    octets[pass] = queries.template load<Reuse::kNever>(block * kQueryBlock + Warp::token(pass), dimension);
  }
  const bool shifted = arguments.log_sum_exp_shift != nullptr;
  float mean[kOctet] = {};
  if (shifted && size.key_tokens > 0) {
    wait_for(reinterpret_cast<const uint32_t*>(arguments.scratch + offsets.means_done) + key_head, 1);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      mean[i] = __ldcg(reinterpret_cast<const float*>(arguments.scratch + offsets.means) + key_head * D + dimension + i);
    }
  }

  float squares[Warp::kPasses], magnitudes[Warp::kPasses];
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    squares[pass] = magnitudes[pass] = 0;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      const float value = octets[pass][i];
      squares[pass] = fmaf(value, value, squares[pass]);
      magnitudes[pass] = greater(magnitudes[pass], fabsf(value));
    }
  }
  const float own_norm = inverse_norm(Warp::of_own_token(squares, plus));
  const float own_magnitude = Warp::of_own_token(magnitudes, greater);
  const float own_inverse = int8_inverse(own_magnitude);
  const int64_t own = row * kQueryBlock + Warp::own_token();
  if (kFormat != Format::kHalf && Warp::is_first_owner()) {
    arguments.query_scales[own] = int8_scale(own_magnitude) * (arguments.softmax_scale * kLog2E);
  }
  if (shifted) {
    float dots[Warp::kPasses];
#pragma unroll
    for (int pass = 0; pass < Warp::kPasses; ++pass) {
      dots[pass] = 0;
#pragma unroll
      for (int i = 0; i < kOctet; ++i) {
        dots[pass] = fmaf(octets[pass][i], mean[i], dots[pass]);
      }
    }
    const float dot = Warp::of_own_token(dots, plus);
    if (Warp::is_first_owner()) {
      // Keys in 16 bits are not smoothed.
      arguments.log_sum_exp_shift[own] = kFormat == Format::kHalf ? 0.0f : dot * arguments.softmax_scale;
    }
  }

  PoolSums sums;
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    const int token = Warp::token(pass);
    float value[kOctet];
    keep_packed(octets[pass]);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      value[i] = octets[pass][i];
    }
    sums.add(value, Warp::of_pass(own_norm, pass));
    if constexpr (kFormat == Format::kHalf) {
      store_half<typename HalfType<T>::Type, kQueryBlock>(packed, token, dimension, octets[pass]);
    } else {
      store_int8<D>(packed, token, dimension, value, Warp::of_pass(own_inverse, pass));
    }
  }
  sums.store(parts);
  __syncthreads();
  finish_pools<D, 1>(
      parts, [&](int) { return block_range(size.query_tokens, kQueryBlock, block).length; },
      [&](int, int d) { return reinterpret_cast<float*>(arguments.scratch + offsets.pooled_queries) + row * D + d; },
      [&](int) { return reinterpret_cast<float*>(arguments.scratch + offsets.query_similarities) + row; });
}

}  // namespace reelspark::preparation
