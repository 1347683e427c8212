// One thread block computes one query block of one head: four warps, 32 queries each, that walk the selected key blocks
// together. Keys and values of the next block are copied while this one is worked on.
#pragma once

#include "reelspark/attention_arguments.h"
#include "row.h"
#include "softmax.h"
#include "store.h"

namespace reelspark::mma {

template <int Bytes>
__device__ inline void copy_block(uint32_t to, const void* blocks, int64_t block) {
  const char* from = static_cast<const char*>(blocks) + block * Bytes + threadIdx.x * 16;
#pragma unroll
  for (int offset = 0; offset < Bytes; offset += kThreads * 16) {
    copy_async(to + threadIdx.x * 16 + offset, from + offset);
  }
}

template <typename QkElement, typename PvElement, typename OutputElement, int D>
__device__ inline void attention(const AttentionArguments& arguments) {
  using T = Tile<QkElement, PvElement, D>;
  extern __shared__ __align__(128) char shared[];
  const uint32_t queries = shared_address(shared);
  const uint32_t stages = queries + T::kQueryBlockBytes;

  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const Row row(arguments);
  const int first_query = warp * kWarpQueries;  // of the warp, in the block
  const bool works = first_query < row.queries;

  const auto copy_keys_values = [&](int index) {
    if (index < row.count) {
      const int64_t block = row.first_key_block + row.key_block(index);
      const uint32_t stage = stages + index % T::kStages * T::kStageBytes;
      copy_block<T::kKeyBlockBytes>(stage, arguments.keys, block);
      copy_block<T::kValueBlockBytes>(stage + T::kKeyBlockBytes, arguments.values, block);
    }
    // Always, so that the number of groups tells which blocks have arrived.
    end_copy_group();
  };
  if (row.count > 0) {
    copy_block<T::kQueryBlockBytes>(queries, arguments.queries, row.index);
  }
#pragma unroll
  for (int index = 0; index < T::kStages - 1; ++index) {
    copy_keys_values(index);
  }

  PerRow query_scale;
  for_rows([&](int t, int half) {
    query_scale[t][half] =
        T::kInt8 ? arguments.query_scales[row.index * kQueryBlock + first_query + t * kMmaRows + half * 8 + lane / 4]
                 : arguments.score_scale;
  });
  const float threshold =
      arguments.pv_thresholds == nullptr ? kInfinity : arguments.pv_thresholds[row.head];
  // The reference is the true maximum where the threshold is measured from it.
  const float slack = threshold < kInfinity ? 0.0f : Softmax<T, PvElement>::kSlack;
  const int64_t visible_to_all = row.visible(first_query);
  int skipped_blocks = 0;

  Softmax<T, PvElement> softmax;
  Output<T> output = {};

  for (int index = 0; index < row.count; ++index) {
    wait_for_copies<T::kStages - 2>();
    __syncthreads();
    // The stage that is filled now was last read before that barrier.
    copy_keys_values(index + T::kStages - 1);
    if (!works) {
      continue;
    }
    const int64_t block = row.key_block(index);
    const uint32_t keys = stages + index % T::kStages * T::kStageBytes;
    const uint32_t values = keys + T::kKeyBlockBytes;
    const float key_scale = T::kInt8 ? arguments.key_scales[row.first_key_block + block] : 1.0f;

    Scores<T> scores;
    multiply_queries_keys<T, QkElement>(scores, queries + first_query * T::kQkRowBytes, keys, lane);

    PerRow scale;
    for_rows([&](int t, int half) { scale[t][half] = query_scale[t][half] * key_scale; });
    if ((block + 1) * kKeyBlock > visible_to_all) {
      int visible[kRowTiles][2];
      for_rows([&](int t, int half) {
        const int64_t seen = row.visible(first_query + t * kMmaRows + half * 8 + lane / 4) - block * kKeyBlock;
        visible[t][half] = static_cast<int>(seen < 0 ? 0 : seen < kKeyBlock ? seen : kKeyBlock);
      });
      hide_keys(scores, scale, visible, lane);
    }

    PerRow maximum;
    block_maxima(scores, scale, maximum);
    if (threshold < kInfinity) {
      bool negligible = true;
      for_rows([&](int t, int half) {
        const float greatest = fmaxf(softmax.reference[t][half], maximum[t][half]);
        negligible &= first_query + t * kMmaRows + half * 8 + lane / 4 >= row.queries ||
                      maximum[t][half] - greatest < -threshold;
      });
      if (__all_sync(0xffffffff, negligible)) {
        ++skipped_blocks;
        continue;
      }
    }

    bool rises = T::kE4m3;
    for_rows([&](int t, int half) { rises |= maximum[t][half] > softmax.reference[t][half] + slack; });
    PerRow factor;
    if (T::kE4m3 || __any_sync(0xffffffff, rises)) {
      for_rows([&](int t, int half) {
        const float old = softmax.reference[t][half];
        const float greatest = fmaxf(old, maximum[t][half]);
        // Equal when both are infinite, where the difference would be NaN.
        factor[t][half] = greatest == old ? 1.0f : exp2_fast(old - greatest);
        softmax.reference[t][half] = greatest;
        softmax.sum[t][half] *= factor[t][half];
        if constexpr (!T::kE4m3) {
#pragma unroll
          for (int n = 0; n < T::kValueTiles; ++n) {
            output.tile[t][n][2 * half] *= factor[t][half];
            output.tile[t][n][2 * half + 1] *= factor[t][half];
          }
        }
      });
    }

    PerRow shift;
    for_rows([&](int t, int half) {
      const float reference = softmax.reference[t][half];
      // Nothing but hidden keys so far: any finite reference gives them no weight.
      shift[t][half] = Scores<T>::kBias * scale[t][half] +
                       (reference == -kInfinity ? 0.0f : reference - Softmax<T, PvElement>::kLift);
    });
    const auto weight = [&](int t, int n, int element) {
      const int half = element / 2;
      const float w = exp2_fast(fmaf(scores.biased(t, n, element), scale[t][half], -shift[t][half]));
      softmax.sum[t][half] += w;
      return w;
    };
    if constexpr (T::kE4m3) {
      add_weighted_values_8(output, values, lane, weight, [&](int t, int half) { return factor[t][half]; });
    } else {
      add_weighted_values_16<T, PvElement>(output, values, lane, weight);
    }
  }

  // The stages become room for the output.
  wait_for_copies<0>();
  __syncthreads();
  if (works) {
    store_output<OutputElement>(
        arguments, row, output, softmax, shared + T::kQueryBlockBytes + warp * kWarpQueries * D * 2, first_query, lane);
  }
  count_statistics(arguments, row, first_query, skipped_blocks);
}

}  // namespace reelspark::mma
