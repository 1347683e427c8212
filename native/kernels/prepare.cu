// Turns queries, keys and values into the operands of the attention kernels and pools their blocks, in one launch that
// reads device memory once: see PrepareStages.
#include "preparation/pack_values.h"
#include "preparation/reduce.h"

namespace reelspark::preparation {
namespace {

template <int D>
union SharedMemory {
  float warps[kWarps][D];
  PoolParts<D> parts;
  ValueTile<D> staged;
};

// Number of this block among those that have started.
__device__ int64_t take_number(uint32_t* next) {
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
  const PreparationSize size = size_of(arguments, D);
  const Scratch offsets(size);
  const PrepareStages stages(size);
  const int64_t number = take_number(reinterpret_cast<uint32_t*>(arguments.scratch + offsets.next_block));
  int64_t head = number / stages.of_head();
  int64_t index = number % stages.of_head();
  const int64_t heads = size.all_key_heads();

  const auto view = [&](const void* tokens, const TokenStrides& strides) {
    return head_view<T>(tokens, strides, arguments.key_order, size.key_tokens, arguments.head_dim,
                        head / size.key_heads, head % size.key_heads);
  };
  if (index < stages.reductions) {
    if (head < heads) {
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
  const int64_t blocks = size.query_blocks();
  const int64_t batch = head / size.key_heads;
  const int64_t ratio = size.query_heads / size.key_heads;
  const int64_t query_head = head % size.key_heads * ratio + index / blocks;
  pack_queries<T, D, kFormat>(
      head_view<T>(arguments.queries, arguments.query_strides, arguments.query_order, size.query_tokens,
                   arguments.head_dim, batch, query_head),
      batch * size.query_heads + query_head, head, index % blocks, size, offsets, arguments, shared.parts);
}

}  // namespace
}  // namespace reelspark::preparation

// One entry point for each element type of the inputs, format of the operands and head dimension. Grid: prepare_grid().
#define PREPARE(name, T, D, format)                                                                           \
  extern "C" __global__ void __launch_bounds__(REELSPARK_THREADS, sizeof(T) == 2 ? 3 : 2)                     \
      name(const __grid_constant__ reelspark::PreparationArguments arguments) {                               \
    reelspark::preparation::prepare<T, D, reelspark::preparation::Format::format>(arguments);                 \
  }
#define PREPARE_EACH_FORMAT(type, T, half)                            \
  PREPARE(prepare_##type##_to_int8_e4m3_d64, T, 64, kInt8E4m3)        \
  PREPARE(prepare_##type##_to_int8_e4m3_d128, T, 128, kInt8E4m3)      \
  PREPARE(prepare_##type##_to_int8_f16_d64, T, 64, kInt8F16)          \
  PREPARE(prepare_##type##_to_int8_f16_d128, T, 128, kInt8F16)        \
  PREPARE(prepare_##type##_to_##half##_d64, T, 64, kHalf)             \
  PREPARE(prepare_##type##_to_##half##_d128, T, 128, kHalf)

PREPARE_EACH_FORMAT(f32, float, bf16)
PREPARE_EACH_FORMAT(f16, __half, f16)
PREPARE_EACH_FORMAT(bf16, __nv_bfloat16, bf16)
