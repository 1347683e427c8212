// Launches of the preparation kernels through the driver.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <string>

#include "attention_launch.h"
#include "reelspark/preparation.h"

namespace reelspark {

template <typename T>
std::string prepare_entry(OperandFormat format, int kernel_dim) {
  const std::string type = std::is_same_v<T, float> ? "f32" : std::is_same_v<T, __half> ? "f16" : "bf16";
  std::string operands;
  switch (format) {
    case OperandFormat::kInt8E4m3: operands = "int8_e4m3"; break;
    case OperandFormat::kInt8F16: operands = "int8_f16"; break;
    case OperandFormat::kBf16: operands = "bf16"; break;
    case OperandFormat::kF16: operands = "f16"; break;
  }
  return "prepare_" + type + "_to_" + operands + "_d" + std::to_string(kernel_dim);
}

inline std::string select_entry(int kernel_dim) { return "select_blocks_d" + std::to_string(kernel_dim); }

// Empty grids are not launched.
inline void launch_preparation_kernel(
    const Kernel& kernel, int64_t blocks, unsigned shared_bytes, PreparationArguments arguments, CUstream stream) {
  void* parameters[] = {&arguments};
  if (blocks > 0) {
    CUDA(cuLaunchKernel, kernel.function, static_cast<unsigned>(blocks), 1, 1, kernel.threads, 1, 1, shared_bytes,
         stream, parameters, nullptr);
  }
}

inline void launch_prepare(
    const Kernel& kernel, const PreparationArguments& arguments, int kernel_dim, CUstream stream = nullptr) {
  const PreparationSize size = size_of(arguments, kernel_dim);
  CUDA(cuMemsetD8Async, reinterpret_cast<CUdeviceptr>(arguments.scratch), 0, Scratch(size).cleared, stream);
  launch_preparation_kernel(kernel, prepare_grid(size, kernel.resident_blocks), 0, arguments, stream);
}

inline void launch_select(
    const Kernel& kernel, const PreparationArguments& arguments, int kernel_dim, CUstream stream = nullptr) {
  const PreparationSize size = size_of(arguments, kernel_dim);
  launch_preparation_kernel(
      kernel, select_grid(size), static_cast<unsigned>(select_shared_bytes(size)), arguments, stream);
}

inline void launch_order(
    const Kernel& kernel, const PreparationArguments& arguments, int kernel_dim, CUstream stream = nullptr) {
  launch_preparation_kernel(
      kernel, order_grid(size_of(arguments, kernel_dim), arguments.heads_per_group), 0, arguments, stream);
}

}  // namespace reelspark
