// Turns queries, keys and values into the operands of the attention kernels and pools their blocks, in one launch that
// reads device memory once: see PrepareStages.
#pragma once

#include "pack_values.h"
#include "reduce.h"

namespace reelspark::preparation {
// Each thread packs 32 numbers.
constexpr int kThreadsOfDimension = kPackTokens / 32;

template <int D>
union SharedMemory {
  float warps[kWarps][D];
  PoolParts<D> parts;
  ValueTile<D> staged;
};

// Number of this block among those that have started.
__device__ uint32_t take_number(uint32_t* next) {
  __shared__ uint32_t number;
  if (threadIdx.x == 0) {
    number = atomicAdd(next, 1);
  }
  __syncthreads();
  return number;
}

template <typename T, int D, Format kFormat>
__device__ void prepare(const PreparationArguments& arguments) {
  __shared__ alignas(16) SharedMemory<D> shared;
  static_assert(kThreads == kThreadsOfDimension * D);
  const PreparationSize size = size_of(arguments, D);
  const Scratch offsets(size);
  const PrepareStages stages(size);
  const uint32_t number = take_number(reinterpret_cast<uint32_t*>(arguments.scratch + offsets.next_block));
  // Grids fit into 32 bits, in which divisions are cheaper.
  const uint32_t of_head = static_cast<uint32_t>(stages.of_head());
  uint32_t head = number / of_head;
  uint32_t index = number % of_head;

  const auto view = [&](const void* tokens, const TokenStrides& strides) {
    return head_view<T>(tokens, strides, arguments.key_order, size.key_tokens, arguments.head_dim,
                        head / static_cast<uint32_t>(arguments.key_heads), head % static_cast<uint32_t>(arguments.key_heads));
  };
  if (index < stages.reductions) {
    if (head < size.all_key_heads()) {
      sum_keys<T, D>(view(arguments.keys, arguments.key_strides), head, index, size, offsets, arguments.scratch,
                     shared.warps);
    }
    return;
  }
  index -= stages.reductions;
  if (index < stages.key_packs) {
    if (head > 0) {
      --head;
      pack_values<T, D, kFormat>(view(arguments.values, arguments.value_strides), head, index, size, offsets,
                                 arguments, shared.staged);
    }
    return;
  }
  index -= stages.key_packs;
  if (index < stages.reductions) {
    if (kFormat != Format::kHalf) {
      find_magnitudes<T, D>(view(arguments.values, arguments.value_strides), head, index, offsets, arguments.scratch,
                            shared.warps);
    }
    return;
  }
  index -= stages.reductions;
  if (index < stages.key_packs) {
    pack_keys<T, D, kFormat>(view(arguments.keys, arguments.key_strides), head, index, size, offsets, arguments,
                             shared.parts);
    return;
  }
  index -= stages.key_packs;
  const uint32_t blocks = static_cast<uint32_t>(size.query_blocks());
  const uint32_t key_heads = arguments.key_heads;
  const uint32_t batch = head / key_heads;
  const uint32_t query_head = head % key_heads * (arguments.query_heads / key_heads) + index / blocks;
  pack_queries<T, D, kFormat>(
      head_view<T>(arguments.queries, arguments.query_strides, arguments.query_order, size.query_tokens,
                   arguments.head_dim, batch, query_head),
      int64_t{batch} * arguments.query_heads + query_head, head, index % blocks, size, offsets, arguments, shared.parts);
}

}  // namespace reelspark::preparation

// One entry point for each element type of the inputs and format of the operands. Grid: prepare_grid(). Sixteen bits of
// input leave room for twice the blocks on a multiprocessor.
#define PREPARE(name, T, D, format)                                                                                  \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS, (sizeof(T) == 2 ? 1024 : 768) / REELSPARK_THREADS) \
      name(const __grid_constant__ reelspark::PreparationArguments arguments) {                                      \
    reelspark::preparation::prepare<T, D, reelspark::preparation::Format::format>(arguments);                        \
  }
#define PREPARE_EACH_FORMAT(D, type, T, half)                         \
  PREPARE(prepare_##type##_to_int8_e4m3_d##D, T, D, kInt8E4m3)        \
  PREPARE(prepare_##type##_to_int8_f16_d##D, T, D, kInt8F16)          \
  PREPARE(prepare_##type##_to_##half##_d##D, T, D, kHalf)
#define PREPARE_EACH_TYPE(D)                          \
  PREPARE_EACH_FORMAT(D, f32, float, bf16)            \
  PREPARE_EACH_FORMAT(D, f16, __half, f16)            \
  PREPARE_EACH_FORMAT(D, bf16, __nv_bfloat16, bf16)
