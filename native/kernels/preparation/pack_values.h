// Tiles of values, packed in e4m3 or 16 bits.
#pragma once

#include <cuda_fp8.h>

#include "copy.h"
#include "pack_tokens.h"

namespace reelspark::preparation {

// Where e4m3 values wait in shared memory for the other tokens of their rows, as words of four tokens: 16 words for a
// dimension, and 4 more after each eight dimensions, which keeps the lanes of a warp in different banks.
template <int D>
struct ValueTile {
  static constexpr int kBlocks = tile_tokens(D) / kKeyBlock;
  static constexpr int kBlockWords = D * 16 + D / kOctet * 4;
  uint32_t words[kBlocks][kBlockWords];

  __device__ static int word(int dimension, int place) { return dimension * 16 + dimension / kOctet * 4 + place; }
};

template <typename T, int D>
__device__ void pack_values_e4m3(const Octets<T, D>& octets, const Tile<D>& tile, ValueTile<D>& staged) {
  using Quad = QuadTokens<D>;
  const int dimension = Quad::dimension();
  Octets<T, D> numbers;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int word = 0; word < Octet<T>::kWords; ++word) {
      numbers[i].word[word] = finite_or_nan(octets[i].word[word]);
    }
  }
#pragma unroll
  for (int d = 0; d < kOctet; ++d) {
    const float inverse = tile.vector[dimension + d];
    const auto pair = [&](int i) {
      return static_cast<uint32_t>(__nv_cvt_float2_to_fp8x2(
          make_float2(numbers[i][d] * inverse, numbers[i + 1][d] * inverse), __NV_SATFINITE, __NV_E4M3));
    };
    staged.words[Quad::group() / 4][ValueTile<D>::word(dimension + d, Quad::group() % 4 * 4 + Quad::quad())] =
        pair(0) | pair(2) << 16;
  }
  sync_workers();

  constexpr int kBlockUnits = D * kKeyBlock / 16;
#pragma unroll
  for (int index = threadIdx.x; index < ValueTile<D>::kBlocks * kBlockUnits; index += kWorkers) {
    const int block = index / kBlockUnits;
    const int unit = index % kBlockUnits;
    const int row = unit / 4;
    if (block * kKeyBlock < tile.tokens_left) {
      // Exchanging units twice gives the same units again.
      const int place = swizzled_offset<kKeyBlock>(row, unit % 4 * 16) % kKeyBlock / 4;
      reinterpret_cast<uint4*>(tile.packed)[index] =
          *reinterpret_cast<const uint4*>(&staged.words[block][ValueTile<D>::word(row, place)]);
    }
  }
}

// An octet multiplied by factors of its own.
template <typename T>
struct ScaledOctet {
  const Octet<T>& octet;
  const float* factors;
  __device__ float operator[](int i) const { return finite_or_nan(octet[i]) * factors[i]; }
};

// Values in 16 bits: as they are, or as fp16 beside 8-bit queries and keys.
template <typename T, int D, Format kFormat>
__device__ void pack_values_half(const Octets<T, D>& octets, const Tile<D>& tile) {
  using Warp = WarpTokens<D>;
  const int dimension = Warp::dimension();
#pragma unroll
  for (int pass = 0; pass < Warp::kPasses; ++pass) {
    const int block = Warp::token(pass) / kKeyBlock;
    const int token = Warp::token(pass) % kKeyBlock;
    uint8_t* const packed = tile.packed + block * kKeyBlock * D * 2;
    if (block * kKeyBlock < tile.tokens_left) {
      if constexpr (kFormat == Format::kHalf) {
        store_half<typename HalfType<T>::Type, kKeyBlock>(packed, token, dimension, octets[pass]);
      } else {
        store_half<__half, kKeyBlock>(
            packed, token, dimension, ScaledOctet<T>{octets[pass], &tile.vector[dimension]});
      }
    }
  }
}

}  // namespace reelspark::preparation
