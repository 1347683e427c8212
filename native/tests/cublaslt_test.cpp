// Matrix products of the shim on a GPU against fp64. Exit status 77 without a GPU or cuBLASLt.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cmath>

#include "../shim/matmul.h"
#include "check.h"
#include "cuda_driver.h"
#include "model_values.h"

namespace reelspark {
namespace {

using namespace cublaslt;

constexpr size_t kWorkspaceBytes = 32 << 20;

template <typename T>
constexpr DataType kType = DataType::kF32;
template <>
constexpr DataType kType<__half> = DataType::kF16;
template <>
constexpr DataType kType<__nv_bfloat16> = DataType::kBf16;
template <>
constexpr DataType kType<__nv_fp8_e4m3> = DataType::kE4m3;

class Blas {
 public:
  Blas() : workspace_(kWorkspaceBytes) {
    const std::string problem = open_library(library_);
    if (!problem.empty()) {
      std::printf("skipped: %s\n", problem.c_str());
      std::exit(cuda::kNoGpu);
    }
    require(library_.create(&context_), "create");
  }
  ~Blas() { library_.destroy(context_); }

  size_t version() const { return library_.version(); }

  // Every algorithm that the heuristic names, checked by `check`.
  template <typename Check>
  void each_algorithm(const MatmulShape& shape, const MatmulOperands& operands, const Check& check) {
    MatmulPlan plan(library_);
    require(plan.prepare(context_, shape, kWorkspaceBytes), "prepare");
    CHECK(plan.algorithms() > 0);
    CHECK(plan.choose(plan.algorithms()) == Status::kInvalidValue);
    for (int algorithm = 0; algorithm < plan.algorithms(); ++algorithm) {
      require(plan.choose(algorithm), "choose");
      check([&] {
        require(plan.run(context_, operands, reinterpret_cast<void*>(workspace_.address()), kWorkspaceBytes, nullptr),
                "run");
        CUDA(cuCtxSynchronize);
      });
    }
  }

 private:
  void require(Status status, const char* call) const {
    if (status != Status::kSuccess) {
      std::fprintf(stderr, "%s: %s\n", call, library_.status_name(status));
      std::exit(1);
    }
  }

  Library library_;
  Context* context_ = nullptr;
  cuda::Buffer<uint8_t> workspace_;
};

struct Case {
  int64_t rows, outputs, inputs;
  WeightLayout layout;
  Epilogue epilogue;
  float beta;
};

bool has_bias(const Case& c) { return c.epilogue == Epilogue::kBias || c.epilogue == Epilogue::kGeluBias; }

double gelu(double x) { return activated(2, x); }

template <typename T, typename Out>
void multiplies(Blas& blas, const Case& c, ScaleMode scale_mode = ScaleMode::kScalar) {
  std::printf("types %d to %d, %ld x %ld x %ld, layout %d, epilogue %d, beta %g, scales %d\n",
              static_cast<int>(kType<T>), static_cast<int>(kType<Out>), c.rows, c.outputs, c.inputs,
              static_cast<int>(c.layout), static_cast<int>(c.epilogue), c.beta, static_cast<int>(scale_mode));
  std::fflush(stdout);  // names the case when a check ends the program
  const bool output_major = c.layout == WeightLayout::kOutputMajor;
  const bool scaled = kType<T> == DataType::kE4m3;
  const auto x = random_values<T>(c.rows * c.inputs, 1);
  const auto weight = random_values<T>(c.outputs * c.inputs, 2);
  const auto bias = random_values<Out>(c.outputs, 3);
  const auto before = random_values<Out>(c.rows * c.outputs, 4);
  const auto x_scale = random_values<float>(c.rows, 5), weight_scale = random_values<float>(c.outputs, 6);
  const cuda::Buffer<T> device_x(x), device_weight(weight);
  const cuda::Buffer<Out> device_bias(bias);
  cuda::Buffer<Out> out(before);
  const cuda::Buffer<float> device_x_scale(x_scale), device_weight_scale(weight_scale);

  std::vector<double> expected, slack;
  // Of sums of products of deviation 1. Those of 8-bit operands are cut off 13 bits below the greatest.
  const double rounding = (scaled ? 0x1p-7 : 0x1p-16) * std::sqrt(double(c.inputs));
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t o = 0; o < c.outputs; ++o) {
      double sum = 0;
      for (int64_t i = 0; i < c.inputs; ++i) {
        const int64_t place = output_major ? o * c.inputs + i : i * c.outputs + o;
        sum += double(float(x[r * c.inputs + i])) * float(weight[place]);
      }
      double scale = 1;
      if (scaled) {
        const bool rows = scale_mode == ScaleMode::kOuterVector;
        scale = double(x_scale[rows ? r : 0]) * weight_scale[rows ? o : 0];
      }
      sum *= scale;
      if (has_bias(c)) sum += float(bias[o]);
      slack.push_back(rounding * std::max(std::fabs(scale), 1.0));
      if (c.beta != 0) slack.back() += kRounding<Out> * std::fabs(sum);
      sum += c.beta * float(before[expected.size()]);
      if (c.epilogue == Epilogue::kGelu || c.epilogue == Epilogue::kGeluBias) sum = gelu(sum);
      expected.push_back(sum);
    }
  }
  const MatmulShape shape = {
      c.rows, c.outputs, c.inputs, c.inputs, output_major ? c.inputs : c.outputs, c.outputs, kType<T>, kType<Out>,
      c.layout, c.epilogue, scale_mode};
  const MatmulOperands operands = {
      reinterpret_cast<void*>(device_x.address()), reinterpret_cast<void*>(device_weight.address()),
      reinterpret_cast<void*>(device_bias.address()), reinterpret_cast<float*>(device_x_scale.address()),
      reinterpret_cast<float*>(device_weight_scale.address()), reinterpret_cast<void*>(out.address()), c.beta};
  blas.each_algorithm(shape, operands, [&](const auto& run) {
    out.write(0, before);
    run();
    check_close(out.read(), expected, slack);
  });
}

void all(const cuda::Device& device) {
  Blas blas;
  const auto major = WeightLayout::kOutputMajor;
  for (const Case& c :
       {Case{100, 72, 64, major, Epilogue::kNone, 0}, Case{333, 256, 512, major, Epilogue::kBias, 0},
        Case{64, 96, 128, major, Epilogue::kGeluBias, 0}, Case{64, 96, 128, major, Epilogue::kGelu, 0},
        Case{129, 256, 256, major, Epilogue::kBias, 1}, Case{40, 48, 56, major, Epilogue::kNone, 0},
        Case{40, 48, 56, WeightLayout::kInputMajor, Epilogue::kNone, 1}}) {
    multiplies<__nv_bfloat16, __nv_bfloat16>(blas, c);
    multiplies<__half, __half>(blas, c);
  }
  multiplies<float, float>(blas, {17, 64, 256, major, Epilogue::kBias, 0});
  multiplies<__nv_bfloat16, float>(blas, {100, 72, 64, major, Epilogue::kNone, 0});
  multiplies<__nv_bfloat16, float>(blas, {129, 256, 256, major, Epilogue::kBias, 1});
  if (device.image_directory() != "sm_80") {
    const Case c = {128, 256, 512, major, Epilogue::kBias, 0};
    multiplies<__nv_fp8_e4m3, __nv_bfloat16>(blas, c);
    if (blas.version() >= 120900) {
      multiplies<__nv_fp8_e4m3, __nv_bfloat16>(blas, c, ScaleMode::kOuterVector);
    }
  }
  std::printf("cublaslt_test: all checks passed with cuBLASLt %zu\n", blas.version());
}

}  // namespace
}  // namespace reelspark

int main() {
  const reelspark::cuda::Device device;
  reelspark::all(device);
  return 0;
}
