// Inputs and results of one preparation in device memory.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <vector>

#include "attention_operands.h"
#include "cuda_driver.h"
#include "preparation_launch.h"
#include "reelspark/preparation.h"

namespace reelspark {

// Elements of an operand, [batch, token, head, dimension] in memory.
template <typename T>
struct TokenArray {
  int64_t batch, tokens, heads;
  int head_dim;
  std::vector<T> values;

  TokenArray(int64_t batch, int64_t tokens, int64_t heads, int head_dim)
      : batch(batch), tokens(tokens), heads(heads), head_dim(head_dim),
        values(batch * tokens * heads * head_dim, T(0.0f)) {}

  TokenStrides strides() const { return {tokens * heads * head_dim, head_dim, heads * head_dim}; }
  T* token(int64_t batch, int64_t head, int64_t token) {
    return &values[token_offset(strides(), batch, head, token)];
  }
  const T* token(int64_t batch, int64_t head, int64_t token) const {
    return &values[token_offset(strides(), batch, head, token)];
  }
};

// Bytes that show a result which a kernel leaves out.
constexpr uint8_t kPoison = 0xa5;

// Everything that the kernels read and write, results and scratch memory poisoned.
class DevicePreparation {
 public:
  DevicePreparation(const PreparationSize& size, OperandFormat format, const std::vector<HeadSelection>& heads)
      : size_(size), offsets_(size), operand_bytes_(is_int8(format) ? 1 : 2),
        value_bytes_(format == OperandFormat::kInt8E4m3 ? 1 : 2), heads_(heads), queries(size.rows() * kQueryBlock * size.kernel_dim * operand_bytes_ + 1),
        keys(key_blocks() * kKeyBlock * size.kernel_dim * operand_bytes_ + 1),
        values(key_blocks() * kKeyBlock * size.kernel_dim * value_bytes_ + 1),
        query_scales(size.rows() * kQueryBlock + 1), key_scales(key_blocks() + 1),
        value_scales(size.all_key_heads() * size.kernel_dim), shift(size.rows() * kQueryBlock + 1),
        ids(size.rows() * size.key_blocks() + 1), counts(size.rows() + 1), row_order(size.rows() + 1), statistics(1),
        scratch(offsets_.bytes) {
    const auto poison = [](const auto& buffer) { buffer.fill(kPoison); };
    poison(queries), poison(keys), poison(values), poison(query_scales), poison(key_scales), poison(value_scales);
    poison(shift), poison(ids), poison(counts), poison(row_order), poison(scratch);
    statistics.write(0, {SelectionStatistics{}});
    arguments.heads = at<HeadSelection>(heads_);
    arguments.packed_queries = at<void>(queries);
    arguments.packed_keys = at<void>(keys);
    arguments.packed_values = at<void>(values);
    arguments.query_scales = at<float>(query_scales);
    arguments.key_scales = at<float>(key_scales);
    arguments.value_scales = at<float>(value_scales);
    arguments.log_sum_exp_shift = at<float>(shift);
    arguments.ids = at<uint16_t>(ids);
    arguments.counts = at<uint32_t>(counts);
    arguments.row_order = at<uint32_t>(row_order);
    arguments.statistics = at<SelectionStatistics>(statistics);
    arguments.scratch = at<uint8_t>(scratch);
    arguments.query_tokens = size.query_tokens;
    arguments.key_tokens = size.key_tokens;
    arguments.batch = static_cast<int32_t>(size.batch);
    arguments.query_heads = static_cast<int32_t>(size.query_heads);
    arguments.key_heads = static_cast<int32_t>(size.key_heads);
    arguments.heads_per_group = 1;
    arguments.softmax_scale = 1 / std::sqrt(static_cast<float>(size.kernel_dim));
  }

  template <typename P, typename T>
  static P* at(const cuda::Buffer<T>& buffer) {
    return reinterpret_cast<P*>(buffer.address());
  }

  const PreparationSize& size() const { return size_; }
  const Scratch& offsets() const { return offsets_; }
  int64_t key_blocks() const { return size_.all_key_heads() * size_.key_blocks(); }

  // Part of the scratch memory.
  std::vector<float> scratch_floats(int64_t offset, int64_t count) const {
    std::vector<float> floats(count);
    CUDA(cuMemcpyDtoH, floats.data(), scratch.address() + offset, count * sizeof(float));
    return floats;
  }
  void write_scratch(int64_t offset, const std::vector<float>& floats) const {
    CUDA(cuMemcpyHtoD, scratch.address() + offset, floats.data(), floats.size() * sizeof(float));
  }

 private:
  PreparationSize size_;
  Scratch offsets_;
  int operand_bytes_;
  int value_bytes_;
  cuda::Buffer<HeadSelection> heads_;

 public:
  cuda::Buffer<uint8_t> queries, keys, values;
  cuda::Buffer<float> query_scales, key_scales, value_scales, shift;
  cuda::Buffer<uint16_t> ids;
  cuda::Buffer<uint32_t> counts, row_order;
  cuda::Buffer<SelectionStatistics> statistics;
  cuda::Buffer<uint8_t> scratch;
  PreparationArguments arguments = {};
};

}  // namespace reelspark
