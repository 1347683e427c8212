// Launches of the block pooling kernels through the driver, and host values in their element types.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <string>

#include "cuda_driver.h"
#include "reelspark/block_layout.h"

namespace reelspark {

// Threads of a block; kernels.properties says the same.
constexpr unsigned kBlockPoolThreads = 128;

template <typename T>
struct ElementType;
template <>
struct ElementType<float> {
  static constexpr const char* kName = "f32";
};
template <>
struct ElementType<__half> {
  static constexpr const char* kName = "f16";
};
template <>
struct ElementType<__nv_bfloat16> {
  static constexpr const char* kName = "bf16";
};

template <typename T>
std::string block_pool_entry(int head_dim) {
  return std::string("block_pool_") + ElementType<T>::kName + "_d" + std::to_string(head_dim);
}

struct BlockPoolSize {
  int batch;
  int heads;
  int64_t tokens;
  int head_dim;
  int block_tokens;

  int64_t blocks() const { return block_count(tokens, block_tokens); }
  int64_t rows() const { return batch * heads * blocks(); }
};

// Enqueues one launch on the default stream. `mean` is 0 for none.
inline void launch_block_pool(
    CUfunction function, const BlockPoolSize& size, CUdeviceptr tokens, TokenStrides strides, CUdeviceptr mean,
    CUdeviceptr pooled, CUdeviceptr similarity) {
  int64_t token_count = size.tokens;
  int block_tokens = size.block_tokens;
  void* arguments[] = {&tokens,      &strides.batch, &strides.head, &strides.token, &token_count,
                       &block_tokens, &mean,          &pooled,       &similarity};
  CUDA(cuLaunchKernel, function, static_cast<unsigned>(size.blocks()), size.heads, size.batch, kBlockPoolThreads, 1, 1,
       0, nullptr, arguments, nullptr);
}

}  // namespace reelspark
