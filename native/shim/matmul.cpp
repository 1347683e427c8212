#include "matmul.h"

namespace reelspark::cublaslt {
namespace {

constexpr uint32_t kAlignment = 16;

// Goes on while all goes well; the first failure stays.
class Chain {
 public:
  template <typename Call>
  Chain& then(const Call& call) {
    if (status_ == Status::kSuccess) {
      status_ = call();
    }
    return *this;
  }

  Status status() const { return status_; }

 private:
  Status status_ = Status::kSuccess;
};

bool has_bias(Epilogue epilogue) { return epilogue == Epilogue::kBias || epilogue == Epilogue::kGeluBias; }

}  // namespace

MatmulPlan::~MatmulPlan() {
  for (MatrixLayout* layout : {weight_, x_, out_}) {
    if (layout != nullptr) {
      library_.destroy_layout(layout);
    }
  }
  if (description_ != nullptr) {
    library_.destroy_description(description_);
  }
}

Status MatmulPlan::prepare(Context* context, const MatmulShape& shape, size_t workspace_bytes) {
  shape_ = shape;
  return Chain()
      .then([&] { return describe(shape); })
      .then([&] { return lay_out(shape); })
      .then([&] { return find(context, workspace_bytes); })
      .status();
}

// The library thinks in columns: a row-major [rows, columns] is its columns x rows. So its first factor is the weight,
// its second x, and the result [outputs x rows].
Status MatmulPlan::describe(const MatmulShape& shape) {
  Chain chain;
  chain.then([&] { return library_.create_description(&description_, ComputeType::kF32, DataType::kF32); })
      .then([&] {
        return set(
            DescriptionAttribute::kTransposeA,
            shape.layout == WeightLayout::kOutputMajor ? Operation::kTranspose : Operation::kNone);
      })
      .then([&] { return set(DescriptionAttribute::kTransposeB, Operation::kNone); })
      .then([&] { return set(DescriptionAttribute::kEpilogue, shape.epilogue); });
  // The heuristic looks at the alignment of addresses alone.
  const uintptr_t aligned = kAlignment;
  if (has_bias(shape.epilogue)) {
    chain.then([&] { return set(DescriptionAttribute::kBiasPointer, aligned); });
  }
  if (shape.operands == DataType::kE4m3) {
    // Sums stay in the tensor cores' registers throughout: faster, and fp32 enough for 8-bit operands.
    const int8_t fast = 1;
    chain.then([&] { return set(DescriptionAttribute::kFastAccumulation, fast); })
        .then([&] { return set(DescriptionAttribute::kScaleA, aligned); })
        .then([&] { return set(DescriptionAttribute::kScaleB, aligned); });
    if (shape.scale_mode != ScaleMode::kScalar) {
      chain.then([&] { return set(DescriptionAttribute::kScaleModeA, shape.scale_mode); })
          .then([&] { return set(DescriptionAttribute::kScaleModeB, shape.scale_mode); });
    }
  }
  return chain.status();
}

Status MatmulPlan::lay_out(const MatmulShape& s) {
  const bool output_major = s.layout == WeightLayout::kOutputMajor;
  return Chain()
      .then([&] {
        return library_.create_layout(
            &weight_, s.operands, output_major ? s.inputs : s.outputs, output_major ? s.outputs : s.inputs,
            s.weight_stride);
      })
      .then([&] { return library_.create_layout(&x_, s.operands, s.inputs, s.rows, s.x_stride); })
      .then([&] { return library_.create_layout(&out_, s.results, s.outputs, s.rows, s.out_stride); })
      .status();
}

Status MatmulPlan::find(Context* context, size_t workspace_bytes) {
  MatmulPreference* preference = nullptr;
  Chain chain;
  chain.then([&] { return library_.create_preference(&preference); })
      .then([&] {
        const uint64_t bytes = workspace_bytes;
        return library_.set_preference(preference, PreferenceAttribute::kMostWorkspaceBytes, &bytes, sizeof bytes);
      })
      .then([&] {
        // Parts of a sum stay fp32: in a type of 16 bits, each addition would cost the result a rounding.
        const ReductionSchemes schemes = ReductionSchemes::kComputeType;
        return library_.set_preference(preference, PreferenceAttribute::kReductionSchemes, &schemes, sizeof schemes);
      });
  for (const PreferenceAttribute attribute :
       {PreferenceAttribute::kLeastAlignmentA, PreferenceAttribute::kLeastAlignmentB,
        PreferenceAttribute::kLeastAlignmentC, PreferenceAttribute::kLeastAlignmentD}) {
    chain.then([&] { return library_.set_preference(preference, attribute, &kAlignment, sizeof kAlignment); });
  }
  Heuristic found[kMostAlgorithms];
  int count = 0;
  chain.then([&] {
    return library_.find_algorithms(
        context, description_, weight_, x_, out_, out_, preference, kMostAlgorithms, found, &count);
  });
  if (preference != nullptr) {
    library_.destroy_preference(preference);
  }
  for (int i = 0; i < count; ++i) {
    if (found[i].state == Status::kSuccess) {
      algorithms_.push_back(found[i]);
    }
  }
  return chain.then([&] { return algorithms_.empty() ? Status::kNotSupported : Status::kSuccess; }).status();
}

Status MatmulPlan::choose(int algorithm) {
  if (algorithm < 0 || algorithm >= algorithms()) {
    return Status::kInvalidValue;
  }
  chosen_ = algorithm;
  return Status::kSuccess;
}

Status MatmulPlan::run(
    Context* context, const MatmulOperands& operands, void* workspace, size_t workspace_bytes, Stream* stream) const {
  if (algorithms_.empty()) {
    return Status::kInvalidValue;
  }
  Chain chain;
  if (has_bias(shape_.epilogue)) {
    chain.then([&] { return set(DescriptionAttribute::kBiasPointer, operands.bias); });
  }
  if (shape_.operands == DataType::kE4m3) {
    chain.then([&] { return set(DescriptionAttribute::kScaleA, operands.weight_scale); })
        .then([&] { return set(DescriptionAttribute::kScaleB, operands.x_scale); });
  }
  const float alpha = 1;
  return chain
      .then([&] {
        return library_.matmul(
            context, description_, &alpha, operands.weight, weight_, operands.x, x_, &operands.beta, operands.out, out_,
            operands.out, out_, &algorithms_[chosen_].algorithm, workspace, workspace_bytes, stream);
      })
      .status();
}

}  // namespace reelspark::cublaslt
