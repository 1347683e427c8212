// The end of a tile: normalises the output of a warpgroup, writes it to its tokens, and the log-sum-exp and statistics if
// asked for.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "shared_memory.h"
#include "softmax.h"
#include "reelspark/attention_arguments.h"

namespace reelspark::hopper {

__device__ __forceinline__ uint32_t pack_output(float a, float b, __nv_bfloat16) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(a, b);
  return reinterpret_cast<const uint32_t&>(pair);
}

__device__ __forceinline__ uint32_t pack_output(float a, float b, __half) {
  const __half2 pair = __floats2half2_rn(a, b);
  return reinterpret_cast<const uint32_t&>(pair);
}

// Transposes 4 x 4 words held by the four lanes of a quad, one row each.
__device__ __forceinline__ void transpose_quad(uint32_t (&word)[4]) {
  const int lane = threadIdx.x % 4;
#pragma unroll
  for (int distance = 1; distance <= 2; distance *= 2) {
    const bool upper = lane & distance;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      // Words that differ in the bit `distance` change places with the lane across.
      const int low = distance == 1 ? 2 * i : i, high = low + distance;
      const uint32_t other = __shfl_xor_sync(0xffffffff, upper ? word[low] : word[high], distance);
      (upper ? word[low] : word[high]) = other;
    }
  }
}

// `row` is the thread's first row in the tile; `output` is laid out as wgmma leaves it.
template <typename Operands, typename Out, int kOutputs>
__device__ __forceinline__ void write_output(
    const AttentionArguments& arguments, const Tile& tile, int row, const SoftmaxState& softmax, float (&output)[kOutputs]) {
  constexpr float kLn2 = 0.69314718056f;
  const int lane = threadIdx.x % 4;
  int query_heads = arguments.query_heads;
  // Else the division moves out of the loop over tiles, which has no register for its result.
  asm volatile("" : "+r"(query_heads));
  const int key_head = tile.head / (query_heads / arguments.key_heads);
  const float* const value_scales =
      arguments.value_scales == nullptr
          ? nullptr
          : arguments.value_scales +
                (static_cast<int64_t>(tile.batch) * arguments.key_heads + key_head) * (2 * kOutputs) + 2 * lane;
  const int64_t batch_head = static_cast<int64_t>(tile.batch) * arguments.query_heads + tile.head;

#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int64_t query = static_cast<int64_t>(tile.query_block) * kQueryBlock + row + 8 * i;
    const float sum = Operands::kOnesRows > 0 ? softmax.sum[i] : quad_sum(softmax.sum[i]);
    const float inverse = sum == 0 ? 0.0f : 1.0f / sum;
    const bool valid = query < arguments.query_tokens;
    const int64_t token = !valid || arguments.output_tokens == nullptr ? query : arguments.output_tokens[query];
    Out* const target = static_cast<Out*>(arguments.output) +
                        token_offset(arguments.output_strides, tile.batch, tile.head, token) + 8 * lane;
#pragma unroll
    for (int quad = 0; quad < kOutputs / 16; ++quad) {
      uint32_t word[4];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int unit = 4 * quad + j;
        const float2 scale =
            value_scales == nullptr ? float2{1, 1} : *reinterpret_cast<const float2*>(value_scales + 8 * unit);
        word[j] = pack_output(
            output[4 * unit + 2 * i] * inverse * scale.x, output[4 * unit + 2 * i + 1] * inverse * scale.y, Out());
      }
      transpose_quad(word);
      if (valid && 32 * quad + 8 * lane < arguments.head_dim) {
        *reinterpret_cast<uint4*>(target + 32 * quad) = {word[0], word[1], word[2], word[3]};
      }
    }
    if (arguments.log_sum_exp != nullptr && valid && lane == 0) {
      const int64_t padded = block_count(arguments.query_tokens, kQueryBlock) * kQueryBlock;
      const float shift =
          arguments.log_sum_exp_shift == nullptr ? 0.0f : arguments.log_sum_exp_shift[batch_head * padded + query];
      arguments.log_sum_exp[batch_head * arguments.query_tokens + token] =
          sum == 0 ? -INFINITY : kLn2 * (softmax.reference[i] + log2f(sum) - Operands::kSumExponent) + shift;
    }
  }
}

// Adds the tile to the statistics. What a group left out weighs as many 16ths as it has of the tile's queries.
__device__ __forceinline__ void count(const AttentionArguments& arguments, const Tile& tile, int group, int skipped) {
  if (arguments.statistics == nullptr || threadIdx.x % kWarpgroupSize != 0) {
    return;
  }
  if (group == 0) {
    atomicAdd(
        reinterpret_cast<unsigned long long*>(&arguments.statistics->selected_blocks),
        static_cast<unsigned long long>(tile.blocks));
  }
  const int queries = block_range(arguments.query_tokens, kQueryBlock, tile.query_block).length;
  const int parts = (queries + 15) / 16;
  const int own = min(max(parts - group * (kGroupQueries / 16), 0), kGroupQueries / 16);
  if (skipped * own > 0) {
    atomicAdd(
        reinterpret_cast<unsigned long long*>(&arguments.statistics->skipped_parts),
        static_cast<unsigned long long>(skipped) * (kPartsOfBlock / parts * own));
  }
}

}  // namespace reelspark::hopper
