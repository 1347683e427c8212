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

  __device__ float biased(int t, int n, int element) const {
    if constexpr (T::kInt8) {
      return __int_as_float(tile[t][n][element]);
    } else {
      return tile[t][n][element];
    }
  }

  // Gives a key no weight.
  __device__ void hide(int t, int n, int element) {
    if constexpr (T::kInt8) {
      tile[t][n][element] = static_cast<int32_t>(0xff800000);
    } else {
      tile[t][n][element] = __int_as_float(0xff800000);
    }
  }
};

// queries: shared address of the warp's first query, keys: of a key block.
template <typename T, typename QkElement>
__device__ inline void multiply_queries_keys(Scores<T>& scores, uint32_t queries, uint32_t keys, int lane) {
  constexpr int kRowBytes = T::kQkRowBytes;
  constexpr int kPanelSteps = kRowBytes / kStepBytes;
  using Accumulator = typename Scores<T>::Accumulator;
  const Accumulator start[4] = {Scores<T>::kStartBits, Scores<T>::kStartBits, Scores<T>::kStartBits,
                                Scores<T>::kStartBits};
  const auto& sums = scores.tile;
  const uint32_t query_lane = queries + a_operand_offset<kRowBytes>(lane);
  const uint32_t key_lane = keys + b_operand_offset<kRowBytes>(lane);
#pragma unroll
  for (int step = 0; step < T::kQkSteps; ++step) {
    const int panel = step / kPanelSteps;
    const uint32_t query_step = step_offset<kRowBytes>(query_lane, step) + panel * kQueryBlock * kRowBytes;
    const uint32_t key_step = step_offset<kRowBytes>(key_lane, step) + panel * kKeyBlock * kRowBytes;
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

// Output of 32 queries, in the order of Scores with dimensions for keys.
template <typename T>
struct Output {
  float tile[kRowTiles][T::kValueTiles][4];
};

// Adds weights of 16 bits times token-major values; `weight(t, n, element)` yields the weight of a score and is called
// once for each.
template <typename T, typename PvElement, typename Weight>
__device__ inline void add_weighted_values_16(Output<T>& output, uint32_t values, int lane, const Weight& weight) {
  constexpr int kRowBytes = 128;
  constexpr int kPanelSteps = kRowBytes / kStepBytes;
  const uint32_t value_lane = values + transposed_b_operand_offset<kRowBytes>(lane);
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
          b, step_offset<kRowBytes>(value_lane, step) + step / kPanelSteps * kKeyBlock * kRowBytes +
                 k * kMmaColumns * kRowBytes);
#pragma unroll
      for (int t = 0; t < kRowTiles; ++t) {
        multiply(PvElement(), output.tile[t][n], a[t], b[0], b[1], output.tile[t][n]);
        multiply(PvElement(), output.tile[t][n + 1], a[t], b[2], b[3], output.tile[t][n + 1]);
      }
    }
  }
}

// Adds e4m3 weights times e4m3 values, whose tokens lie in the order of value_place. The tensor cores sum 8-bit products
// with fewer bits than fp32 has, so each block is summed from zero and then added to the output, which is multiplied by
// `factor(t, row half)` in the same instruction.
template <typename T, typename Weight, typename Factor>
__device__ inline void add_weighted_values_8(
    Output<T>& output, uint32_t values, int lane, const Weight& weight, const Factor& factor) {
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
              weight(t, n, 2 * row), weight(t, n, 2 * row + 1), weight(t, n + 1, 2 * row), weight(t, n + 1, 2 * row + 1));
        }
      }
    }
  }
  const uint32_t value_lane = values + b_operand_offset<kRowBytes>(lane);
  const float zero[4] = {};
#pragma unroll
  for (int n = 0; n < T::kValueTiles; n += 2) {
    uint32_t b[kSteps][4];
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      load_matrices(b[step], step_offset<kRowBytes>(value_lane, step) + n * kMmaColumns * kRowBytes);
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
          float& out = output.tile[t][n + part][element];
          out = fmaf(out, factor(t, element / 2), sum[element]);
        }
      }
    }
  }
}

}  // namespace reelspark::mma
