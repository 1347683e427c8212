// A matrix product of one shape, with the algorithms that cuBLASLt's heuristic finds for it, asked once.
#pragma once

#include <vector>

#include "cublaslt_library.h"

namespace reelspark::cublaslt {

// How the second factor lies in memory.
enum class WeightLayout : int32_t {
  kOutputMajor = 0,  // [outputs, inputs], as linear layers keep weights
  kInputMajor = 1,   // [inputs, outputs]
};

// out[r, o] = epilogue(sum over i of x[r, i] weight[o, i] + beta * out[r, o]). Rows are contiguous, strides in elements.
// With beta, cuBLASLt rounds the sum, bias included, to the type of the results before it adds what is there.
struct MatmulShape {
  int64_t rows;
  int64_t outputs;
  int64_t inputs;
  int64_t x_stride;
  int64_t weight_stride;
  int64_t out_stride;
  DataType operands;  // e4m3 needs kOutputMajor, rows of multiples of 16 elements, and scales
  DataType results;
  WeightLayout layout;
  Epilogue epilogue;
  ScaleMode scale_mode;  // of e4m3: one number, or one for each row of x and each output
};

// Addresses on the device, 16-byte aligned. What a shape does not use is null.
struct MatmulOperands {
  const void* x;
  const void* weight;
  const void* bias;  // [outputs] of the type of the results
  const float* x_scale;
  const float* weight_scale;
  void* out;
  float beta;  // 1 adds to what is in `out`, 0 does not read it
};

// One thread at a time may use a plan.
class MatmulPlan {
 public:
  static constexpr int kMostAlgorithms = 8;

  explicit MatmulPlan(const Library& library) : library_(library) {}
  MatmulPlan(const MatmulPlan&) = delete;
  MatmulPlan& operator=(const MatmulPlan&) = delete;
  ~MatmulPlan();

  // Finds algorithms that need at most so much workspace.
  Status prepare(Context* context, const MatmulShape& shape, size_t workspace_bytes);

  // Best first, as the heuristic believes.
  int algorithms() const { return static_cast<int>(algorithms_.size()); }
  Status choose(int algorithm);

  Status run(
      Context* context, const MatmulOperands& operands, void* workspace, size_t workspace_bytes, Stream* stream) const;

 private:
  Status describe(const MatmulShape& shape);
  Status lay_out(const MatmulShape& shape);
  Status find(Context* context, size_t workspace_bytes);
  template <typename Value>
  Status set(DescriptionAttribute attribute, const Value& value) const {
    return library_.set_description(description_, attribute, &value, sizeof value);
  }

  const Library& library_;
  MatmulShape shape_ = {};
  MatmulDescription* description_ = nullptr;
  MatrixLayout* weight_ = nullptr;
  MatrixLayout* x_ = nullptr;
  MatrixLayout* out_ = nullptr;
  std::vector<Heuristic> algorithms_;
  int chosen_ = 0;
};

}  // namespace reelspark::cublaslt
