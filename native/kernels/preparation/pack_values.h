// Values of kPackTokens tokens, packed in e4m3 or 16 bits.
#pragma once

#include <cuda_fp8.h>

#include "pack_tokens.h"

namespace reelspark::preparation {

constexpr float kGreatestE4m3 = 448;

// Factors on eight dimensions that bring their greatest magnitude to that of e4m3.
__device__ inline void inverse_scales(const float* magnitudes, float (&inverse)[kOctet]) {
#pragma unroll
  for (int i = 0; i < kOctet; ++i) {
    const float magnitude = __ldcg(magnitudes + i);
    inverse[i] = magnitude < kLeastMagnitude ? 0.0f : kGreatestE4m3 * approximate_inverse(magnitude);
  }
}

// A number that is not finite becomes NaN.
__device__ inline float scaled(float value, float inverse) { return fmaf(value, inverse, value * 0.0f); }

// Where e4m3 values wait in shared memory for the other tokens of their rows, as words of four tokens: 16 words for a
// dimension, and 4 more after each eight dimensions, which keeps the lanes of a warp in different banks.
template <int D>
struct ValueTile {
  static constexpr int kBlockWords = D * 16 + D / kOctet * 4;
  uint32_t words[kPackTokens / kKeyBlock][kBlockWords];

  __device__ static int word(int dimension, int place) { return dimension * 16 + dimension / kOctet * 4 + place; }
};

// Each thread holds the four tokens whose bytes make up a word of value_offset's order, for eight dimensions.
template <typename T, int D>
__device__ void pack_values_e4m3(const HeadView<T>& values, int64_t head, int64_t tile, const PreparationSize& size,
                                 const float* magnitudes, uint8_t* packed, ValueTile<D>& staged, uint32_t* done) {
  constexpr int kChunks = D / 64;  // warps that share sixteen tokens, 64 dimensions each
  constexpr int kGroups = kWarps / kChunks;
  constexpr int kPasses = kPackTokens / 16 / kGroups;
  const int lane = WarpTokens<D>::lane();
  const int warp = WarpTokens<D>::warp();
  const int dimension = warp % kChunks * 64 + lane % 8 * kOctet;
  const int quad = lane / 8;
  Octet<T> octets[kPasses][4];
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    const int64_t first = tile * kPackTokens + (pass * kGroups + warp / kChunks) * 16 + 2 * quad;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      octets[pass][i] = values.template load<Reuse::kNever>(first + i / 2 * 8 + i % 2, dimension);
    }
  }
  wait_for(done, static_cast<uint32_t>(size.reductions()));
  float inverse[kOctet];
  inverse_scales(magnitudes + dimension, inverse);

#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    const int group = pass * kGroups + warp / kChunks;
#pragma unroll
    for (int d = 0; d < kOctet; ++d) {
      float number[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        number[i] = scaled(octets[pass][i][d], inverse[d]);
      }
      const uint32_t low = __nv_cvt_float2_to_fp8x2(make_float2(number[0], number[1]), __NV_SATFINITE, __NV_E4M3);
      const uint32_t high = __nv_cvt_float2_to_fp8x2(make_float2(number[2], number[3]), __NV_SATFINITE, __NV_E4M3);
      staged.words[group / 4][ValueTile<D>::word(dimension + d, group % 4 * 4 + quad)] = low | high << 16;
    }
  }
  __syncthreads();

  constexpr int kBlockUnits = D * kKeyBlock / 16;
  const int64_t first_block = tile * (kPackTokens / kKeyBlock);
#pragma unroll
  for (int index = threadIdx.x; index < kPackTokens / kKeyBlock * kBlockUnits; index += kThreads) {
    const int block = index / kBlockUnits;
    const int unit = index % kBlockUnits;
    const int row = unit / 4;
    if (first_block + block < size.key_blocks()) {
      // Exchanging units twice gives the same units again.
      const int place = swizzled_offset<kKeyBlock>(row, unit % 4 * 16) % kKeyBlock / 4;
      reinterpret_cast<uint4*>(packed + (head * size.key_blocks() + first_block + block) * block_bytes<D>(
          Format::kInt8E4m3, kKeyBlock))[unit] =
          *reinterpret_cast<const uint4*>(&staged.words[block][ValueTile<D>::word(row, place)]);
    }
  }
}

// Values in 16 bits, multiplied by `factor` of each dimension.
template <typename H, typename T, int D, typename Factors>
__device__ void pack_values_half(const HeadView<T>& values, int64_t head, int64_t tile, const PreparationSize& size,
                                 uint8_t* packed, const Factors& factors) {
  using Warp = WarpTokens<D>;
  const int dimension = Warp::dimension();
  Octet<T> octets[Warp::kPasses];
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    octets[pass] = values.template load<Reuse::kNever>(tile * kPackTokens + Warp::token(pass), dimension);
  }
  const auto factor = factors(dimension);
  const int64_t block = tile * (kPackTokens / kKeyBlock) + Warp::token(0) / kKeyBlock;
  if (block < size.key_blocks()) {
    uint8_t* const place = packed + (head * size.key_blocks() + block) * block_bytes<D>(Format::kHalf, kKeyBlock);
#pragma unroll
    for (int pass = 0; pass < Warp::kPasses; ++pass) {
      store_half<H, kKeyBlock>(place, Warp::token(pass) % kKeyBlock, dimension, factor(octets[pass]));
    }
  }
}

// The numbers of an octet divided by their scales.
struct ScaledOctet {
  float number[kOctet];
  __device__ float operator[](int i) const { return number[i]; }
};

template <typename T, int D, Format kFormat>
__device__ void pack_values(const HeadView<T>& values, int64_t head, int64_t tile, const PreparationSize& size,
                            const Scratch& offsets, const PreparationArguments& arguments, ValueTile<D>& staged) {
  uint8_t* const packed = static_cast<uint8_t*>(arguments.packed_values);
  uint32_t* const done = reinterpret_cast<uint32_t*>(arguments.scratch + offsets.magnitudes_done) + head;
  const float* const magnitudes = reinterpret_cast<const float*>(arguments.scratch + offsets.magnitudes) + head * D;
  if constexpr (kFormat == Format::kHalf) {
    pack_values_half<typename HalfType<T>::Type, T, D>(
        values, head, tile, size, packed, [](int) { return [](const Octet<T>& octet) { return octet; }; });
    return;
  } else if constexpr (kFormat == Format::kInt8F16) {
    pack_values_half<__half, T, D>(values, head, tile, size, packed, [&](int dimension) {
      wait_for(done, static_cast<uint32_t>(size.reductions()));
      ScaledOctet inverse;
      inverse_scales(magnitudes + dimension, inverse.number);
      return [inverse](const Octet<T>& octet) {
        ScaledOctet result;
#pragma unroll
        for (int i = 0; i < kOctet; ++i) {
          result.number[i] = scaled(octet[i], inverse[i]);
        }
        return result;
      };
    });
  } else {
    pack_values_e4m3<T, D>(values, head, tile, size, magnitudes, packed, staged, done);
  }
  if (tile == 0 && threadIdx.x < D) {
    const float magnitude = __ldcg(magnitudes + threadIdx.x);
    arguments.value_scales[head * D + threadIdx.x] = magnitude < kLeastMagnitude ? 0.0f : magnitude * (1 / kGreatestE4m3);
  }
}

}  // namespace reelspark::preparation
