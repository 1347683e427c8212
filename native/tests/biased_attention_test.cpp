// Attention with a bias, and the conversion of results, on a GPU against fp64 on the host:
// `biased_attention_test KERNEL_DIR`.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "cuda_driver.h"

namespace reelspark {
namespace {

constexpr unsigned kThreads = 128;
constexpr int kQueriesOfBlock = 16;
constexpr unsigned kWidenThreads = 256;

struct Size {
  int64_t tokens;
  int heads;
  int head_dim;

  int64_t elements() const { return tokens * heads * head_dim; }
  int64_t place(int64_t token, int head, int dimension) const { return (token * heads + head) * head_dim + dimension; }
};

template <typename T>
std::vector<T> random_values(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(T(normal(random)));
  }
  return values;
}

template <typename T>
struct Problem {
  Size size;
  float scale;
  std::vector<T> query, key, value, bias;

  explicit Problem(const Size& size)
      : size(size), scale(0.3f), query(random_values<T>(size.elements(), 1)), key(random_values<T>(size.elements(), 2)),
        value(random_values<T>(size.elements(), 3)),
        bias(random_values<T>(size.heads * size.tokens * size.tokens, 4)) {}

  T& bias_at(int head, int64_t q, int64_t k) { return bias[(head * size.tokens + q) * size.tokens + k]; }
};

template <typename T>
std::vector<double> attend_on_host(Problem<T>& problem) {
  const Size& size = problem.size;
  std::vector<double> out(size.elements());
  for (int head = 0; head < size.heads; ++head) {
    for (int64_t q = 0; q < size.tokens; ++q) {
      std::vector<double> weight(size.tokens);
      for (int64_t k = 0; k < size.tokens; ++k) {
        double product = 0;
        for (int d = 0; d < size.head_dim; ++d) {
          product += double(float(problem.query[size.place(q, head, d)])) * float(problem.key[size.place(k, head, d)]);
        }
        weight[k] = problem.scale * product + float(problem.bias_at(head, q, k));
      }
      const double maximum = *std::max_element(weight.begin(), weight.end());
      double sum = 0;
      for (double& w : weight) {
        w = std::isinf(maximum) ? 0 : std::exp(w - maximum);
        sum += w;
      }
      for (int d = 0; d < size.head_dim; ++d) {
        double total = 0;
        for (int64_t k = 0; k < size.tokens; ++k) {
          total += weight[k] * float(problem.value[size.place(k, head, d)]);
        }
        out[size.place(q, head, d)] = sum == 0 ? 0 : total / sum;
      }
    }
  }
  return out;
}

template <typename T>
std::vector<T> attend_on_device(CUfunction function, const Problem<T>& problem) {
  const cuda::Buffer<T> query(problem.query), key(problem.key), value(problem.value), bias(problem.bias);
  // NaN shows an element that the kernel leaves out.
  const cuda::Buffer<T> out(std::vector<T>(problem.size.elements(), T(std::nanf(""))));
  CUdeviceptr addresses[] = {query.address(), key.address(), value.address(), bias.address(), out.address()};
  int64_t tokens = problem.size.tokens;
  int heads = problem.size.heads, head_dim = problem.size.head_dim;
  float scale = problem.scale;
  void* arguments[] = {&addresses[0], &addresses[1], &addresses[2], &addresses[3], &addresses[4],
                       &tokens,       &heads,        &head_dim,     &scale};
  const unsigned blocks = static_cast<unsigned>((tokens + kQueriesOfBlock - 1) / kQueriesOfBlock);
  CUDA(cuLaunchKernel, function, blocks, heads, 1, kThreads, 1, 1, 0, nullptr, arguments, nullptr);
  CUDA(cuCtxSynchronize);
  return out.read();
}

template <typename T>
void matches_fp64(CUfunction function, double tolerance) {
  for (const Size& size : {Size{1, 1, 1}, Size{17, 3, 8}, Size{32, 2, 64}, Size{77, 4, 64}, Size{300, 2, 128}}) {
    Problem<T> problem(size);
    // One key that nobody sees, and one query that sees nothing.
    for (int64_t q = 0; q < size.tokens; ++q) {
      problem.bias_at(0, q, size.tokens - 1) = T(-std::numeric_limits<float>::infinity());
      problem.bias_at(0, size.tokens / 2, q) = T(-std::numeric_limits<float>::infinity());
    }
    const std::vector<double> expected = attend_on_host(problem);
    const std::vector<T> actual = attend_on_device(function, problem);
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK_NEAR(float(actual[i]), expected[i], tolerance * (1 + std::fabs(expected[i])));
    }
    const std::vector<T> again = attend_on_device(function, problem);
    CHECK(std::memcmp(again.data(), actual.data(), actual.size() * sizeof(T)) == 0);
  }
}

void widens_every_value(CUfunction function) {
  for (int64_t count : {1, 7, 8, 2048, 2051, 65536}) {
    std::vector<uint16_t> bits;
    for (int64_t i = 0; i < count; ++i) {
      bits.push_back(static_cast<uint16_t>(i * 40503));
    }
    const cuda::Buffer<uint16_t> in(bits);
    const cuda::Buffer<uint32_t> out(count);
    CUdeviceptr from = in.address(), to = out.address();
    void* arguments[] = {&from, &to, &count};
    const unsigned blocks = static_cast<unsigned>((count + 8 * kWidenThreads - 1) / (8 * kWidenThreads));
    CUDA(cuLaunchKernel, function, blocks, 1, 1, kWidenThreads, 1, 1, 0, nullptr, arguments, nullptr);
    CUDA(cuCtxSynchronize);
    const std::vector<uint32_t> actual = out.read();
    for (int64_t i = 0; i < count; ++i) {
      CHECK(actual[i] == static_cast<uint32_t>(bits[i]) << 16);
    }
  }
}

void run(const std::string& kernel_directory) {
  const cuda::Device device;
  const std::string image = device.image_directory();
  const auto path = [&](const char* module) {
    return kernel_directory + "/" + image + "/" + module + (image == "ptx" ? ".ptx" : ".cubin");
  };
  const cuda::Module attention(path("biased_attention"));
  matches_fp64<float>(attention.function("biased_attention_f32"), 1e-5);
  matches_fp64<__half>(attention.function("biased_attention_f16"), 1e-3);
  matches_fp64<__nv_bfloat16>(attention.function("biased_attention_bf16"), 5e-3);
  const cuda::Module widen(path("widen"));
  widens_every_value(widen.function("widen_bf16"));
  std::printf("biased_attention_test: all checks passed on %s with the %s image\n", device.name().c_str(), image.c_str());
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: biased_attention_test KERNEL_DIR\n");
    return 2;
  }
  reelspark::run(argv[1]);
  return 0;
}
