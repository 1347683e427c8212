// What a warp leaves behind: normalised output, the logarithm of the sum of exponentials, counters.
#pragma once

#include "row.h"
#include "softmax.h"

namespace reelspark::mma {

// Writes the warp's rows. `staging` is shared memory of this warp alone, kWarpQueries * D * 2 bytes; through it, what
// is spread over the lanes becomes whole 16-byte units of a row.
template <typename OutputElement, typename T, typename PvElement>
__device__ inline void store_output(
    const AttentionArguments& arguments, const Row& row, const Output<T>& output,
    const Softmax<T, PvElement>& softmax, char* staging, int first_query, int lane) {
  constexpr int kHeadDim = T::kValueTiles * kMmaColumns;
  const int kept = min(kWarpQueries, row.queries - first_query);
  const auto output_token = [&](int query) {
    const int64_t token = row.first_token() + first_query + query;
    return arguments.output_tokens == nullptr ? token : int64_t{arguments.output_tokens[token]};
  };

  PerRow inverse;
  for_rows([&](int t, int half) {
    const float sum = quad_sum(softmax.sum[t][half]);
    // Rows without keys give zeros.
    inverse[t][half] = sum == 0 ? 0 : 1 / sum;
    const int query = query_of_lane(t, half, lane);
    if (arguments.log_sum_exp != nullptr && lane % 4 == 0 && query < kept) {
      constexpr float kLn2 = 0.69314718056f;
      float log_sum = sum == 0 ? -kInfinity : (softmax.reference[t][half] - softmax.kLift + log2f(sum)) * kLn2;
      if (arguments.log_sum_exp_shift != nullptr) {
        log_sum += arguments.log_sum_exp_shift[int64_t{row.index} * kQueryBlock + first_query + query];
      }
      arguments.log_sum_exp[row.query_head(arguments) * arguments.query_tokens + output_token(query)] = log_sum;
    }
  });

#pragma unroll
  for (int n = 0; n < T::kValueTiles; ++n) {
    const int dimension = n * kMmaColumns + lane % 4 * 2;
    float scale[2] = {1, 1};
    if (arguments.value_scales != nullptr) {
      const float* scales = arguments.value_scales + row.key_head(arguments) * kHeadDim + dimension;
      scale[0] = scales[0];
      scale[1] = scales[1];
    }
    for_rows([&](int t, int half) {
      const int query = query_of_lane(t, half, lane);
      *reinterpret_cast<uint32_t*>(staging + half_offset<kWarpQueries>(query, dimension)) =
          pack(OutputElement(), output.tile[t][n][2 * half] * inverse[t][half] * scale[0],
               output.tile[t][n][2 * half + 1] * inverse[t][half] * scale[1]);
    });
  }
  __syncwarp();

  constexpr int kUnitElements = 8;
  constexpr int kRowUnits = kHeadDim / kUnitElements;
  const int dimension = lane % kRowUnits * kUnitElements;
  if (dimension >= arguments.head_dim) {
    return;
  }
  const TokenStrides& strides = arguments.output_strides;
  OutputElement* const base = static_cast<OutputElement*>(arguments.output) +
                              token_offset(strides, row.batch, row.head, 0) + dimension;
#pragma unroll 4
  for (int query = lane / kRowUnits; query < kept; query += 32 / kRowUnits) {
    *reinterpret_cast<uint4*>(base + output_token(query) * strides.token) =
        *reinterpret_cast<const uint4*>(staging + half_offset<kWarpQueries>(query, dimension));
  }
}

// Each warp adds the parts that it left out, the first one the row's blocks too.
__device__ inline void count_statistics(
    const AttentionArguments& arguments, const Row& row, int first_query, int skipped_blocks) {
  if (arguments.statistics == nullptr || threadIdx.x % 32 != 0) {
    return;
  }
  auto* const statistics = reinterpret_cast<unsigned long long*>(arguments.statistics);
  if (threadIdx.x == 0 && row.count > 0) {
    atomicAdd(statistics, static_cast<unsigned long long>(row.count));
  }
  const int groups = (row.queries + kMmaRows - 1) / kMmaRows;
  const int own = min(kRowTiles, groups - first_query / kMmaRows);
  if (skipped_blocks > 0 && own > 0) {
    atomicAdd(statistics + 1, static_cast<unsigned long long>(skipped_blocks) * own * (kPartsOfBlock / groups));
  }
}

}  // namespace reelspark::mma
