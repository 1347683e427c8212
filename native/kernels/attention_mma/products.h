// The two matrix products of a warp: scores = queries keys^T, and output += weights values.
#pragma once

#include "tile.h"

namespace reelspark::mma {

// Scores of 32 queries and 64 keys. Lane 4g + l holds of tile [t][n] the keys 8n + 2l and 8n + 2l + 1, elements 0 and 1
// for query 16t + g, elements 2 and 3 for query 16t + g + 8.
//
// Integer scores start at the bit pattern of 1.5 * 2^23: read as float, the sum is then 1.5 * 2^23 + score exactly
// (|score| <= 128 * 127^2 < 2^22), and no conversion instruction is needed.
template <typename T>
struct Scores {
  using Accumulator = std::conditional_t<T::kInt8, int32_t, float>;
  static constexpr int32_t kStartBits = T::kInt8 ? 0x4b400000 : 0;
  static constexpr float kBias = T::kInt8 ? 12582912.0f : 0.0f;

  Accumulator tile[kRowTiles][kKeyTiles][4];

  __device__ float biased(int t, int n, int element) const { return to_float(tile[t][n][element]); }

  static __device__ float to_float(int32_t bits) { return __int_as_float(bits); }
  static __device__ float to_float(float value) { return value; }

  // Biased scores are positive floats, or -inf: their bits are ordered like integers, of which some GPUs find the
  // greatest of three in one instruction.
  static __device__ int32_t greatest(int32_t a, int32_t b, int32_t c) { return __vimax3_s32(a, b, c); }
  static __device__ float greatest(float a, float b, float c) { return fmaxf(a, fmaxf(b, c)); }

  // Gives a key no weight.
  __device__ void hide(int t, int n, int element) {
    if constexpr (T::kInt8) {
      tile[t][n][element] = static_cast<int32_t>(0xff800000);
    } else {
      tile[t][n][element] = __int_as_float(0xff800000);
    }
  }
};

// queries, keys: shared addresses of this lane's operands of step 0, at the warp's first query and a block's first key.
template <typename T, typename QkElement>
__device__ inline void multiply_queries_keys(Scores<T>& scores, uint32_t queries, uint32_t keys) {
  constexpr int kRowBytes = T::kQkRowBytes;
  constexpr int kPanelSteps = kRowBytes / kStepBytes;
  using Accumulator = typename Scores<T>::Accumulator;
  const Accumulator start[4] = {Scores<T>::kStartBits, Scores<T>::kStartBits, Scores<T>::kStartBits,
                                Scores<T>::kStartBits};
  const auto& sums = scores.tile;
#pragma unroll
  for (int step = 0; step < T::kQkSteps; ++step) {
    const int panel = step / kPanelSteps;
    const uint32_t query_step = step_offset<kRowBytes>(queries, step) + panel * kQueryBlock * kRowBytes;
    const uint32_t key_step = step_offset<kRowBytes>(keys, step) + panel * kKeyBlock * kRowBytes;
    uint32_t a[kRowTiles][4];
#pragma unroll
    for (int t = 0; t < kRowTiles; ++t) {
      load_matrices(a[t], query_step + t * kMmaRows * kRowBytes);
    }
#pragma unroll
    for (int n = 0; n < kKeyTiles; n += 2) {
      uint32_t b[4];
      load_matrices(b, key_step + n * kMmaColumns * kRowBytes);
#pragma unroll
      for (int t = 0; t < kRowTiles; ++t) {
        multiply(QkElement(), scores.tile[t][n], a[t], b[0], b[1], step == 0 ? start : sums[t][n]);
        multiply(QkElement(), scores.tile[t][n + 1], a[t], b[2], b[3], step == 0 ? start : sums[t][n + 1]);
      }
    }
  }
}

// This lane's address of step 0 in a block of values.
template <typename T>
__device__ inline uint32_t value_operand_offset(int lane) {
  return T::kE4m3 ? b_operand_offset<kKeyBlock>(lane) : transposed_b_operand_offset<128>(lane);
}

// Output of 32 queries, in the order of Scores with dimensions for keys.
template <typename T>
struct Output {
  float tile[kRowTiles][T::kValueTiles][4];
};

// Adds weights of 16 bits times token-major values. `weight(t, n, element)` yields the weight of a score and is called
// once for each; values is the shared address of this lane's operands of step 0.
template <typename T, typename PvElement, typename Weight>
__device__ inline void add_weighted_values_16(Output<T>& output, uint32_t values, const Weight& weight) {
  constexpr int kRowBytes = 128;
  constexpr int kPanelSteps = kRowBytes / kStepBytes;
#pragma unroll
  for (int k = 0; k < kKeyTiles; k += 2) {
    uint32_t a[kRowTiles][4];
#pragma unroll
    for (int t = 0; t < kRowTiles; ++t) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        a[t][2 * half] = pack(PvElement(), weight(t, k + half, 0), weight(t, k + half, 1));
        a[t][2 * half + 1] = pack(PvElement(), weight(t, k + half, 2), weight(t, k + half, 3));
      }
    }
#pragma unroll
    for (int n = 0; n < T::kValueTiles; n += 2) {
      const int step = n / 2;
      uint32_t b[4];
      load_matrices_transposed(
          b, step_offset<kRowBytes>(values, step) + step / kPanelSteps * kKeyBlock * kRowBytes +
                 k * kMmaColumns * kRowBytes);
#pragma unroll
      for (int t = 0; t < kRowTiles; ++t) {
        multiply(PvElement(), output.tile[t][n], a[t], b[0], b[1], output.tile[t][n]);
        multiply(PvElement(), output.tile[t][n + 1], a[t], b[2], b[3], output.tile[t][n + 1]);
      }
    }
  }
}

// The same with e4m3 weights and values, whose tokens lie in the order of value_place. Tensor cores sum 8-bit products
// with fewer bits than fp32 has, so each block is summed from zero and then added to the output.
template <typename T, typename Weight>
__device__ inline void add_weighted_values_8(Output<T>& output, uint32_t values, const Weight& weight) {
  constexpr int kRowBytes = kKeyBlock;
  constexpr int kSteps = kRowBytes / kStepBytes;
  constexpr int kTilesOfStep = kKeyTiles / kSteps;
  uint32_t a[kRowTiles][kSteps][4];
#pragma unroll
  for (int t = 0; t < kRowTiles; ++t) {
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int n = step * kTilesOfStep + 2 * half;
#pragma unroll
        for (int row = 0; row < 2; ++row) {
          a[t][step][2 * half + row] = pack_e4m3(
              weight(t, n, 2 * row), weight(t, n, 2 * row + 1), weight(t, n + 1, 2 * row),
              weight(t, n + 1, 2 * row + 1));
        }
      }
    }
  }
  const float zero[4] = {};
#pragma unroll
  for (int n = 0; n < T::kValueTiles; n += 2) {
    uint32_t b[kSteps][4];
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      load_matrices(b[step], step_offset<kRowBytes>(values, step) + n * kMmaColumns * kRowBytes);
    }
#pragma unroll
    for (int t = 0; t < kRowTiles; ++t) {
#pragma unroll
      for (int part = 0; part < 2; ++part) {
        float sum[4];
        const auto& held = sum;
#pragma unroll
        for (int step = 0; step < kSteps; ++step) {
          multiply(E4m3(), sum, a[t][step], b[step][2 * part], b[step][2 * part + 1], step == 0 ? zero : held);
        }
#pragma unroll
        for (int element = 0; element < 4; ++element) {
          output.tile[t][n + part][element] += sum[element];
        }
      }
    }
  }
}

}  // namespace reelspark::mma
