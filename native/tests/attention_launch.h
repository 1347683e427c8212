// Launches of attention kernels through the driver on operands that the host packed.
#pragma once

#include <memory>
#include <string>

#include "attention_operands.h"
#include "cuda_driver.h"
#include "kernel_table.h"
#include "reelspark/attention_arguments.h"

namespace reelspark {

enum class OperandFormat { kInt8F16, kInt8E4m3, kBf16, kF16 };
enum class OutputFormat { kBf16, kF16 };

inline bool is_int8(OperandFormat format) {
  return format == OperandFormat::kInt8F16 || format == OperandFormat::kInt8E4m3;
}

// The portable kernels on mma.sync and those of Hopper on wgmma.
enum class KernelFamily { kMma, kWgmma };

// Name of a kernel; 16-bit operands give output of their own type.
inline std::string attention_entry(KernelFamily family, OperandFormat operands, OutputFormat output, int head_dim) {
  std::string name = family == KernelFamily::kMma ? "attention_mma_" : "attention_wgmma_";
  switch (operands) {
    case OperandFormat::kInt8F16: name += "int8_f16"; break;
    case OperandFormat::kInt8E4m3: name += "int8_e4m3"; break;
    case OperandFormat::kBf16: name += "bf16"; break;
    case OperandFormat::kF16: name += "f16"; break;
  }
  if (is_int8(operands)) {
    name += output == OutputFormat::kBf16 ? "_to_bf16" : "_to_f16";
  }
  return name + "_d" + std::to_string(head_dim);
}

// Consecutive queries that share the decision to leave out a block.
inline int query_group(KernelFamily family) { return family == KernelFamily::kMma ? 32 : 64; }

struct PackedOperands {
  PackedOperand queries;
  PackedOperand keys;
  PackedOperand values;
};

template <int D>
PackedOperands pack_operands(
    OperandFormat format, const HeadArray& queries, const HeadArray& keys, const HeadArray& values,
    float score_scale) {
  switch (format) {
    case OperandFormat::kBf16:
      return {pack_half<__nv_bfloat16, kQueryBlock>(queries), pack_half<__nv_bfloat16, kKeyBlock>(keys),
              pack_half<__nv_bfloat16, kKeyBlock>(values)};
    case OperandFormat::kF16:
      return {pack_half<__half, kQueryBlock>(queries), pack_half<__half, kKeyBlock>(keys),
              pack_half<__half, kKeyBlock>(values)};
    case OperandFormat::kInt8F16:
      return {pack_int8_queries<D>(queries, score_scale), pack_int8_keys<D>(keys),
              pack_half<__half, kKeyBlock>(values, value_scales(values))};
    case OperandFormat::kInt8E4m3: break;
  }
  return {pack_int8_queries<D>(queries, score_scale), pack_int8_keys<D>(keys), pack_e4m3_values(values)};
}

// Operands and lists in device memory.
class DeviceProblem {
 public:
  DeviceProblem(const AttentionShape& shape, const PackedOperands& operands, const BlockLists* lists,
                const std::vector<float>& pv_thresholds)
      : queries_(operands.queries.blocks), keys_(operands.keys.blocks), values_(operands.values.blocks),
        query_scales_(some(operands.queries.scales)), key_scales_(some(operands.keys.scales)),
        value_scales_(some(operands.values.scales)), pv_thresholds_(some(pv_thresholds)),
        ids_(lists == nullptr ? std::vector<uint16_t>(1) : lists->ids),
        counts_(lists == nullptr ? std::vector<uint32_t>(1) : lists->counts) {
    arguments_.queries = pointer<void>(queries_);
    arguments_.keys = pointer<void>(keys_);
    arguments_.values = pointer<void>(values_);
    arguments_.query_scales = operands.queries.scales.empty() ? nullptr : pointer<float>(query_scales_);
    arguments_.key_scales = operands.keys.scales.empty() ? nullptr : pointer<float>(key_scales_);
    arguments_.value_scales = operands.values.scales.empty() ? nullptr : pointer<float>(value_scales_);
    arguments_.pv_thresholds = pv_thresholds.empty() ? nullptr : pointer<float>(pv_thresholds_);
    if (lists != nullptr) {
      arguments_.ids = pointer<uint16_t>(ids_);
      arguments_.counts = pointer<uint32_t>(counts_);
    }
    arguments_.query_tokens = shape.query_tokens;
    arguments_.key_tokens = shape.key_tokens;
    arguments_.batch = shape.batch;
    arguments_.query_heads = shape.query_heads;
    arguments_.key_heads = shape.key_heads;
    arguments_.head_dim = shape.head_dim;
  }

  // Everything but the results, ready to be completed by the caller.
  const AttentionArguments& arguments() const { return arguments_; }

  template <typename T, typename U>
  static T* pointer(const cuda::Buffer<U>& buffer) {
    return reinterpret_cast<T*>(buffer.address());
  }

 private:
  // Device memory cannot be empty.
  static std::vector<float> some(const std::vector<float>& values) {
    return values.empty() ? std::vector<float>(1) : values;
  }

  cuda::Buffer<uint8_t> queries_, keys_, values_;
  cuda::Buffer<float> query_scales_, key_scales_, value_scales_, pv_thresholds_;
  cuda::Buffer<uint16_t> ids_;
  cuda::Buffer<uint32_t> counts_;
  AttentionArguments arguments_ = {};
};

// Enqueues one launch on the default stream. Portable kernels have a block for each row, Hopper's as many as the
// multiprocessors hold at once, which share the rows through `next_row`.
inline void launch_attention(
    const cuda::Device& device, KernelFamily family, const Kernel& kernel, AttentionArguments arguments,
    const cuda::Buffer<uint32_t>& next_row) {
  const int64_t rows =
      arguments.batch * arguments.query_heads * block_count(arguments.query_tokens, kQueryBlock);
  int resident = 0;
  CUDA(cuOccupancyMaxActiveBlocksPerMultiprocessor, &resident, kernel.function, static_cast<int>(kernel.threads),
       kernel.shared_bytes);
  const int64_t blocks =
      family == KernelFamily::kMma ? rows : std::min<int64_t>(rows, int64_t{resident} * device.multiprocessors());
  arguments.next_row = reinterpret_cast<uint32_t*>(next_row.address());
  void* parameters[] = {&arguments};
  CUDA(cuLaunchKernel, kernel.function, static_cast<unsigned>(blocks), 1, 1, kernel.threads, 1, 1, kernel.shared_bytes,
       nullptr, parameters, nullptr);
}

}  // namespace reelspark
