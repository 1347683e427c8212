// Copies of tiles to shared memory, each worker its own octets: nobody else reads them, so that no barrier is needed.
#pragma once

#include "schedule.h"

namespace reelspark::preparation {

// Tokens of e4m3 values: each worker holds the four whose bytes make up a word of value_offset's order.
template <int D>
struct QuadTokens {
  static constexpr int kChunks = D / 64;  // warps that share sixteen tokens, 64 dimensions each

  __device__ static int dimension() { return warp_number() % kChunks * 64 + lane_number() % 8 * kOctet; }
  __device__ static int group() { return warp_number() / kChunks; }  // of sixteen tokens
  __device__ static int quad() { return lane_number() / 8; }
  __device__ static int token(int i) { return group() * 16 + 2 * quad() + i / 2 * 8 + i % 2; }

  static_assert(WarpTokens<D>::kPasses == 4 && kWarps / kChunks * 16 == tile_tokens(D));
};

template <typename T, int D>
class TileBuffer {
 public:
  // Zeros past the last token and past the head's dimensions.
  template <typename Token>
  __device__ void copy(const Tile<D>& tile, int head_dim, int dimension, const Token& token) {
    const T* const tokens = static_cast<const T*>(tile.tokens) + dimension;
#pragma unroll
    for (int pass = 0; pass < WarpTokens<D>::kPasses; ++pass) {
      const bool real = token(pass) < tile.tokens_left && dimension < head_dim;
      int64_t place = 0;
      if (real) {
        place = tile.order == nullptr ? token(pass) : tile.order[token(pass)];
      }
      const uint4* const source = reinterpret_cast<const uint4*>(real ? tokens + place * tile.stride : tile.tokens);
#pragma unroll
      for (int unit = 0; unit < Octet<T>::kUnits; ++unit) {
        // Reads no bytes and writes zeros where there is no token.
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                         static_cast<uint32_t>(__cvta_generic_to_shared(&units_[pass][unit][threadIdx.x]))),
                     "l"(source + (real ? unit : 0)), "r"(real ? 16 : 0)
                     : "memory");
      }
    }
  }

  // Waits for this worker's copies.
  __device__ void take(Octets<T, D>& octets) const {
    asm volatile("cp.async.wait_all;" ::: "memory");
#pragma unroll
    for (int pass = 0; pass < WarpTokens<D>::kPasses; ++pass) {
#pragma unroll
      for (int unit = 0; unit < Octet<T>::kUnits; ++unit) {
        reinterpret_cast<uint4*>(&octets[pass])[unit] = units_[pass][unit][threadIdx.x];
      }
    }
  }

 private:
  uint4 units_[WarpTokens<D>::kPasses][Octet<T>::kUnits][kWorkers];
};

template <typename T, int D, Format kFormat>
__device__ void copy_tile(const Tile<D>& tile, int head_dim, TileBuffer<T, D>& buffer) {
  if (tile.work == Work::kNothingYet || tile.work == Work::kEnd) {
    return;
  }
  if (kFormat == Format::kInt8E4m3 && tile.work == Work::kPackValues) {
    buffer.copy(tile, head_dim, QuadTokens<D>::dimension(), [](int i) { return QuadTokens<D>::token(i); });
  } else {
    buffer.copy(tile, head_dim, WarpTokens<D>::dimension(), [](int pass) { return WarpTokens<D>::token(pass); });
  }
}

}  // namespace reelspark::preparation
