// Times matrix products by cuBLASLt, as Java calls them: `linear_benchmark`.
//
// Shapes are those of the linear layers of Wan2.1-1.3B at 480 x 832 and 81 frames. For each, every algorithm that the
// heuristic finds is timed: "first" is what a plan runs unless told otherwise, "best" the fastest of all. Times are medians
// by events after a warm-up.
#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "../shim/matmul.h"
#include "cuda_driver.h"
#include "split_mix.h"

namespace reelspark {
namespace {

using namespace cublaslt;

constexpr int kWarmups = 2;
constexpr int kRuns = 13;
constexpr size_t kWorkspaceBytes = 32 << 20;

void require(const Library& library, Status status, const char* call) {
  if (status != Status::kSuccess) {
    std::fprintf(stderr, "%s: %s\n", call, library.status_name(status));
    std::exit(1);
  }
}

// Normal numbers, 2^20 of them over and over.
template <typename T>
class Tensor {
 public:
  explicit Tensor(int64_t count) : buffer_(count) {
    SplitMix random(count);
    std::vector<T> block;
    for (int64_t i = 0; i < std::min(count, kBlock); ++i) {
      block.push_back(T(random.normal()));
    }
    buffer_.write(0, block);
    for (int64_t first = kBlock; first < count; first += kBlock) {
      const int64_t length = std::min(kBlock, count - first);
      CUDA(cuMemcpyDtoD, buffer_.address() + first * sizeof(T), buffer_.address(), length * sizeof(T));
    }
  }

  template <typename Pointer>
  Pointer* data() const {
    return reinterpret_cast<Pointer*>(buffer_.address());
  }

 private:
  static constexpr int64_t kBlock = 1 << 20;

  cuda::Buffer<T> buffer_;
};

struct Shape {
  const char* name;
  int64_t rows, outputs, inputs;
  Epilogue epilogue;
  float beta;
  DataType results = DataType::kBf16;
};

class Bench {
 public:
  Bench() : workspace_(kWorkspaceBytes) {
    const std::string problem = open_library(library_);
    if (!problem.empty()) {
      std::printf("skipped: %s\n", problem.c_str());
      std::exit(cuda::kNoGpu);
    }
    require(library_, library_.create(&context_), "create");
    CUDA(cuEventCreate, &begin_, CU_EVENT_DEFAULT);
    CUDA(cuEventCreate, &end_, CU_EVENT_DEFAULT);
    std::printf("%s, cuBLASLt %zu\n", device_.name().c_str(), library_.version());
  }
  ~Bench() { library_.destroy(context_); }

  bool has_row_scales() const { return library_.version() >= 120900; }

  template <typename T>
  void time(const Shape& s, DataType operands, ScaleMode scale_mode) {
    const Tensor<T> x(s.rows * s.inputs), weight(s.outputs * s.inputs);
    // As large as results of either type need.
    const Tensor<float> bias(s.outputs), out(s.rows * s.outputs);
    const Tensor<float> scales(std::max(s.rows, s.outputs));
    MatmulPlan plan(library_);
    const MatmulShape shape = {s.rows, s.outputs, s.inputs, s.inputs, s.inputs, s.outputs, operands,
                               s.results, WeightLayout::kOutputMajor, s.epilogue, scale_mode};
    const Status status = plan.prepare(context_, shape, kWorkspaceBytes);
    const char* const type = operands == DataType::kBf16            ? "bf16"
                             : scale_mode == ScaleMode::kScalar ? "e4m3"
                                                                : "e4m3, row scales";
    std::printf("%-18s %-16s %5ld x %5ld x %5ld ", s.name, type, s.rows, s.outputs, s.inputs);
    if (status != Status::kSuccess) {
      std::printf("%s\n", library_.status_name(status));
      return;
    }
    const MatmulOperands all = {x.template data<void>(), weight.template data<void>(), bias.template data<void>(),
                                scales.data<float>(), scales.data<float>(), out.template data<void>(), s.beta};
    std::vector<double> times;
    for (int algorithm = 0; algorithm < plan.algorithms(); ++algorithm) {
      require(library_, plan.choose(algorithm), "choose");
      times.push_back(milliseconds(plan, all));
    }
    const auto best = std::min_element(times.begin(), times.end());
    const double operations = 2e-9 * s.rows * s.outputs * s.inputs;
    std::printf("first %7.3f ms %5.0f TFLOP/s, best (%d of %d) %7.3f ms %5.0f TFLOP/s\n", times[0],
                operations / times[0], static_cast<int>(best - times.begin()) + 1, plan.algorithms(), *best,
                operations / *best);
  }

 private:
  double milliseconds(const MatmulPlan& plan, const MatmulOperands& operands) {
    std::vector<float> times;
    for (int run = 0; run < kWarmups + kRuns; ++run) {
      CUDA(cuEventRecord, begin_, nullptr);
      require(library_,
              plan.run(context_, operands, reinterpret_cast<void*>(workspace_.address()), kWorkspaceBytes, nullptr),
              "run");
      CUDA(cuEventRecord, end_, nullptr);
      CUDA(cuEventSynchronize, end_);
      float time = 0;
      CUDA(cuEventElapsedTime, &time, begin_, end_);
      if (run >= kWarmups) times.push_back(time);
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

  cuda::Device device_;
  cuda::Buffer<uint8_t> workspace_;
  Library library_;
  Context* context_ = nullptr;
  CUevent begin_, end_;
};

constexpr int64_t kTokens = 32760;
constexpr int64_t kTextTokens = 512;

const Shape kShapes[] = {
    {"query, key or value", kTokens, 1536, 1536, Epilogue::kBias, 0},
    {"all three", kTokens, 4608, 1536, Epilogue::kBias, 0},
    {"projection, added", kTokens, 1536, 1536, Epilogue::kBias, 1},
    {"added to fp32", kTokens, 1536, 1536, Epilogue::kBias, 1, DataType::kF32},
    {"fp32, no bias", kTokens, 1536, 1536, Epilogue::kNone, 1, DataType::kF32},
    {"up, GELU", kTokens, 8960, 1536, Epilogue::kGeluBias, 0},
    {"up", kTokens, 8960, 1536, Epilogue::kBias, 0},
    {"down", kTokens, 1536, 8960, Epilogue::kBias, 0},
    {"text's key, value", kTextTokens, 3072, 1536, Epilogue::kBias, 0},
};

void run() {
  Bench bench;
  for (const Shape& shape : kShapes) {
    bench.time<__nv_bfloat16>(shape, DataType::kBf16, ScaleMode::kScalar);
  }
  for (const Shape& shape : kShapes) {
    bench.time<__nv_fp8_e4m3>(shape, DataType::kE4m3, ScaleMode::kScalar);
    if (bench.has_row_scales()) {
      bench.time<__nv_fp8_e4m3>(shape, DataType::kE4m3, ScaleMode::kOuterVector);
    }
  }
}

}  // namespace
}  // namespace reelspark

int main() {
  reelspark::run();
  return 0;
}
