// One thread block computes one query block of one head: four warps, 32 queries each, that walk the selected key blocks
// together. Keys and values of the next block are copied while this one is worked on.
#pragma once

#include "reelspark/attention_arguments.h"
#include "row.h"
#include "softmax.h"
#include "store.h"

namespace reelspark::mma {

// Copies a block whose part for this thread, 16 bytes of every kThreads * 16, begins at `from`.
template <int Bytes>
__device__ inline void copy_block(uint32_t to, const char* from) {
#pragma unroll
  for (int offset = 0; offset < Bytes; offset += kThreads * 16) {
    copy_async(to + offset, from + offset);
  }
}

template <int Bytes>
__device__ inline const char* block_address(const void* blocks, int64_t block) {
  return static_cast<const char*>(blocks) + block * Bytes + threadIdx.x * 16;
}

template <typename QkElement, typename PvElement, typename OutputElement, int D>
__device__ inline void attention(const AttentionArguments& arguments) {
  using T = Tile<QkElement, PvElement, D>;
  using Weights = Softmax<T, PvElement>;
  extern __shared__ __align__(128) char shared[];

  const int lane = threadIdx.x % 32;
  const int first_query = threadIdx.x / 32 * kWarpQueries;  // of the warp, in the block
  const Row row(arguments);

  const auto address = [](uint32_t value) { return T::kSpareRegisters ? kept(value) : value; };
  // Shared addresses: where this thread copies to, and where this lane finds operands.
  const uint32_t base = address(shared_address(shared));
  const uint32_t copy_to = base + threadIdx.x * 16;
  const uint32_t stages = base + T::kQueryBlockBytes;
  const uint32_t queries =
      address(base + first_query * T::kQkRowBytes + a_operand_offset<T::kQkRowBytes>(lane));
  const uint32_t keys = address(stages + b_operand_offset<T::kQkRowBytes>(lane));
  const uint32_t values = address(stages + T::kKeyBlockBytes + value_operand_offset<T>(lane));

  const int64_t first_key_block = row.first_key_block(arguments);
  const uint16_t* const ids = row.ids(arguments);
  const char* const head_keys = block_address<T::kKeyBlockBytes>(arguments.keys, first_key_block);
  const char* const head_values = block_address<T::kValueBlockBytes>(arguments.values, first_key_block);
  const auto copy_keys_values = [&](int block, int stage) {
    const uint32_t to = copy_to + T::kQueryBlockBytes + stage;
    copy_block<T::kKeyBlockBytes>(to, head_keys + int64_t{block} * T::kKeyBlockBytes);
    copy_block<T::kValueBlockBytes>(to + T::kKeyBlockBytes, head_values + int64_t{block} * T::kValueBlockBytes);
  };
  const auto listed = [&](int index) { return ids == nullptr ? index : static_cast<int>(ids[index]); };
  int block = 0;
  if (row.count > 0) {
    block = listed(0);
    copy_block<T::kQueryBlockBytes>(copy_to, block_address<T::kQueryBlockBytes>(arguments.queries, row.index));
    if constexpr (T::kScaleBytes > 0) {
      if (threadIdx.x < T::kScaleBytes / 16) {
        copy_async(copy_to + T::kScalesBegin, block_address<T::kScaleBytes>(arguments.query_scales, row.index));
      }
    }
    copy_keys_values(block, 0);
  }
  end_copy_group();

  PerRow kept_scale = {};
  if (T::kInt8 && T::kSpareRegisters) {
    for_rows([&](int t, int half) {
      kept_scale[t][half] =
          arguments.query_scales[int64_t{row.index} * kQueryBlock + first_query + query_of_lane(t, half, lane)];
    });
  }
  const uint32_t scales = base + T::kScalesBegin + (first_query + lane / 4) * sizeof(float);
  const auto score_scale = [&](int t, int half, float key_scale) {
    if constexpr (!T::kInt8) {
      return arguments.score_scale;
    } else if constexpr (T::kSpareRegisters) {
      return kept_scale[t][half] * key_scale;
    } else {
      return load_word(scales + query_of_lane(t, half, 0) * sizeof(float)) * key_scale;
    }
  };
  const float threshold = arguments.pv_thresholds == nullptr ? kInfinity : arguments.pv_thresholds[row.head];
  // The reference is the true maximum where the threshold is measured from it.
  const float slack = threshold < kInfinity ? 0.0f : Weights::kSlack;
  // The first key block that not all of the warp's queries see in whole.
  const int first_masked = static_cast<int>(row.visible(arguments, first_query) / kKeyBlock);
  int skipped_blocks = 0;

  Weights softmax;
  Output<T> output = {};

  int stage = 0;  // offset of the stage that holds `block`
  int next_block = block;
  for (int index = 0; index < row.count; ++index, block = next_block, stage = T::kStageBytes - stage) {
    wait_for_copies<0>();
    __syncthreads();
    // In the last round the same block once more, unused, so that no branch parts the copies from the products.
    next_block = listed(min(index + 1, row.count - 1));
    const float key_scale = T::kInt8 ? arguments.key_scales[first_key_block + block] : 1.0f;

    // The stage that is filled now was last read before the barrier. Issued after the loads of the products, the copies
    // cost no time, as the tensor cores are at work; where registers are short, the products need them more.
    Scores<T> scores;
    if constexpr (T::kSpareRegisters) {
      multiply_queries_keys<T, QkElement>(scores, queries, keys + stage);
      copy_keys_values(next_block, T::kStageBytes - stage);
    } else {
      copy_keys_values(next_block, T::kStageBytes - stage);
      multiply_queries_keys<T, QkElement>(scores, queries, keys + stage);
    }
    end_copy_group();

    PerRow scale;
    for_rows([&](int t, int half) { scale[t][half] = score_scale(t, half, key_scale); });
    if (block >= first_masked) {
      int visible[kRowTiles][2];
      for_rows([&](int t, int half) {
        const int64_t seen = row.visible(arguments, first_query + query_of_lane(t, half, lane)) -
                             int64_t{block} * kKeyBlock;
        visible[t][half] = static_cast<int>(seen < 0 ? 0 : seen < kKeyBlock ? seen : kKeyBlock);
      });
      hide_keys(scores, scale, visible, lane);
    }

    // Decisions are about the greatest scores of rows, but those of single lanes tell as much.
    PerRow maximum;
    lane_maxima(scores, scale, maximum);
    if (threshold < kInfinity) {
      bool negligible = true;
      for_rows([&](int t, int half) {
        const float reference = softmax.reference[t][half];
        negligible &= first_query + query_of_lane(t, half, lane) >= row.queries ||
                      (reference != kNothing && maximum[t][half] - reference < -threshold);
      });
      if (__all_sync(0xffffffff, negligible)) {
        ++skipped_blocks;
        continue;
      }
    }
    bool rises = false;
    for_rows([&](int t, int half) { rises |= maximum[t][half] > softmax.reference[t][half] + slack; });
    if (__any_sync(0xffffffff, rises)) {
      softmax.rise_to(maximum, output);
    }

    PerRow shift;
    for_rows([&](int t, int half) {
      shift[t][half] = Scores<T>::kBias * scale[t][half] + (softmax.reference[t][half] - Weights::kLift);
    });
    const auto weight = [&](int t, int n, int element) {
      const int half = element / 2;
      const float w = exp2_fast(fmaf(scores.biased(t, n, element), scale[t][half], -shift[t][half]));
      softmax.sum[t][half] += w;
      return w;
    };
    if constexpr (T::kE4m3) {
      add_weighted_values_8(output, values + stage, weight);
    } else {
      add_weighted_values_16<T, PvElement>(output, values + stage, weight);
    }
  }

  // The stages become room for the output.
  wait_for_copies<0>();
  __syncthreads();
  if (first_query < row.queries) {
    store_output<OutputElement>(
        arguments, row, output, softmax, shared + T::kQueryBlockBytes + first_query * D * 2, first_query, lane);
  }
  count_statistics(arguments, row, first_query, skipped_blocks);
}

}  // namespace reelspark::mma
