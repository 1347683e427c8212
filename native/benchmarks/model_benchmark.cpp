// Times the kernels of a video model around attention: `model_benchmark KERNEL_DIR`.
//
// Shapes are of Wan2.1-1.3B at 480 x 832 and 81 frames, types bf16. Times are medians by events after a warm-up. GB/s count
// what a kernel must read and write once, TFLOP/s its products and sums.
#include <cuda_bf16.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "kernel_table.h"
#include "reelspark/combination.h"
#include "reelspark/convolution.h"
#include "split_mix.h"

namespace reelspark {
namespace {

constexpr int kWarmups = 3;
constexpr int kRuns = 15;
constexpr float kEpsilon = 1e-6f;

using Bf16 = __nv_bfloat16;

// Normal numbers, 2^16 of them over and over.
template <typename T>
std::vector<T> random_values(int64_t count, uint64_t seed) {
  SplitMix random(seed);
  std::vector<T> values;
  values.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(i < 65536 ? T(random.normal()) : values[i - 65536]);
  }
  return values;
}

template <typename T>
class Tensor {
 public:
  explicit Tensor(int64_t count) : buffer_(random_values<T>(count, count)) {}

  T* data() const { return reinterpret_cast<T*>(buffer_.address()); }

 private:
  cuda::Buffer<T> buffer_;
};

class Bench {
 public:
  explicit Bench(const std::string& kernel_directory) : table_(kernel_directory, device_.image_directory()) {
    CUDA(cuEventCreate, &begin_, CU_EVENT_DEFAULT);
    CUDA(cuEventCreate, &end_, CU_EVENT_DEFAULT);
    std::printf("%s, %s image\n", device_.name().c_str(), device_.image_directory().c_str());
  }

  // Blocks that fill the GPU twice over.
  unsigned all_blocks() const { return device_.multiprocessors() * 16; }

  template <typename... Arguments>
  double milliseconds(const std::string& entry, unsigned blocks, Arguments... arguments) {
    const Kernel kernel = table_.load(entry);
    void* pointers[] = {&arguments...};
    std::vector<float> times;
    for (int run = 0; run < kWarmups + kRuns; ++run) {
      CUDA(cuEventRecord, begin_, nullptr);
      CUDA(cuLaunchKernel, kernel.function, blocks, 1, 1, kernel.threads, 1, 1, kernel.shared_bytes, nullptr, pointers,
           nullptr);
      CUDA(cuEventRecord, end_, nullptr);
      CUDA(cuEventSynchronize, end_);
      float time = 0;
      CUDA(cuEventElapsedTime, &time, begin_, end_);
      if (run >= kWarmups) times.push_back(time);
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

  template <typename... Arguments>
  void memory_bound(const std::string& entry, double bytes, Arguments... arguments) {
    const double time = milliseconds(entry, all_blocks(), arguments...);
    std::printf("%-28s %8.3f ms %8.0f GB/s\n", entry.c_str(), time, bytes / time * 1e-6);
  }

 private:
  cuda::Device device_;
  KernelTable table_;
  CUevent begin_, end_;
};

void transformer(Bench& bench) {
  const int64_t rows = 32760, zero = 0;
  const int heads = 12, head_dim = 128, columns = heads * head_dim;
  const int64_t stride = columns, head_stride = head_dim, count = rows * columns;
  const Tensor<Bf16> x(count), out(count);
  const Tensor<float> factor(columns), addend(columns), cosines(rows * head_dim / 2), sines(rows * head_dim / 2);
  const float one = 1;
  const double bytes = 2.0 * count;
  bench.memory_bound("layer_norm_bf16_to_bf16", 2 * bytes, x.data(), stride, factor.data(), one, addend.data(), zero,
                     kEpsilon, out.data(), stride, rows, columns);
  bench.memory_bound("rms_norm_bf16_to_bf16", 2 * bytes, x.data(), stride, factor.data(), kEpsilon, out.data(), stride,
                     rows, columns);
  bench.memory_bound("rms_norm_rotary_bf16", 2 * bytes + 4.0 * rows * head_dim, x.data(), stride, factor.data(),
                     kEpsilon, cosines.data(), sines.data(), out.data(), stride, head_stride, rows, heads, head_dim);
  const Tensor<uint8_t> codes(count);
  const Tensor<float> scales(rows);
  bench.memory_bound("quantise_rows_bf16", 1.5 * bytes, x.data(), stride, codes.data(), stride, scales.data(), rows,
                     columns);
  const int wide = 8960;  // inside the feed-forward layers
  const int64_t wide_stride = wide;
  const Tensor<Bf16> hidden(rows * wide);
  const Tensor<uint8_t> hidden_codes(rows * wide);
  bench.memory_bound("quantise_rows_bf16", 3.0 * rows * wide, hidden.data(), wide_stride, hidden_codes.data(),
                     wide_stride, scales.data(), rows, wide);
  bench.memory_bound("gated_add_bf16", 3 * bytes, x.data(), factor.data(), zero, out.data(), rows, columns);
  const Tensor<float> residual(count);
  bench.memory_bound("layer_norm_f32_to_bf16", 3 * bytes, residual.data(), stride, factor.data(), one, addend.data(),
                     zero, kEpsilon, out.data(), stride, rows, columns);
  bench.memory_bound("gated_add_bf16_to_f32", 5 * bytes, x.data(), factor.data(), zero, residual.data(), rows, columns);
}

void scheduler(Bench& bench) {
  const int64_t count = 16 * 21 * 60 * 104;
  const Tensor<float> a(count), b(count), out(count);
  Combination sum = {};
  sum.terms[0] = a.data();
  sum.terms[1] = b.data();
  sum.coefficients[0] = -4;
  sum.coefficients[1] = 5;
  sum.count = 2;
  bench.memory_bound("combine_f32", 12.0 * count, sum, out.data(), count);
}

struct Shape {
  int frames, height, width, inputs, outputs, kernel_frames, kernel_size;
  Upsampling upsampling;
  int block_outputs;
};

// Convolutions of the decoder, and what reads the same pixels before them.
void decoder(Bench& bench) {
  for (const Shape& s : {Shape{1, 60, 104, 384, 384, 3, 3, Upsampling::kNone, 128},
                         Shape{1, 60, 104, 384, 384, 3, 3, Upsampling::kNone, 96},
                         Shape{2, 60, 104, 384, 768, 3, 1, Upsampling::kNone, 128},
                         Shape{4, 120, 208, 384, 192, 1, 3, Upsampling::kTwo, 96},
                         Shape{4, 240, 416, 192, 192, 3, 3, Upsampling::kNone, 96},
                         Shape{4, 480, 832, 96, 96, 3, 3, Upsampling::kNone, 96},
                         Shape{4, 480, 832, 96, 3, 3, 3, Upsampling::kNone, 32}}) {
    ConvolutionArguments c = {};
    c.frames = s.frames, c.height = s.height, c.width = s.width, c.inputs = s.inputs, c.outputs = s.outputs;
    c.kernel_frames = s.kernel_frames, c.kernel_height = c.kernel_width = s.kernel_size, c.upsampling = s.upsampling;
    c.history_frames = s.kernel_frames - 1;
    const int64_t pixels = int64_t{s.height} * s.width;
    const int taps = s.kernel_frames * s.kernel_size * s.kernel_size;
    const Tensor<Bf16> x(s.frames * pixels * s.inputs), history(2 * pixels * s.inputs);
    const Tensor<Bf16> weight(int64_t{s.outputs} * taps * s.inputs), out(c.out_pixels() * s.outputs);
    const Tensor<float> bias(s.outputs);
    c.x = x.data(), c.history = history.data(), c.weight = weight.data(), c.bias = bias.data(), c.out = out.data();
    const std::string entry = "convolve_bf16_to_bf16_n" + std::to_string(s.block_outputs);
    const double time = bench.milliseconds(entry, static_cast<unsigned>(convolution_grid(c, s.block_outputs)), c);
    std::printf("%-28s %8.3f ms %8.0f TFLOP/s  %d x %d x %d, %d to %d, %d taps\n", entry.c_str(), time,
                2.0 * c.out_pixels() * s.outputs * taps * s.inputs / time * 1e-9, s.frames, c.out_height(),
                c.out_width(), s.inputs, s.outputs, taps);
  }
  const int64_t pixels = 4 * 480 * 832;
  const Tensor<Bf16> x(pixels * 96);
  const Tensor<float> gamma(384);
  const int32_t silu = 1;
  // As many pixels as hold the channels.
  for (const int channels : {96, 192, 384}) {
    bench.memory_bound("channel_norm_bf16", 4.0 * pixels * 96, x.data(), gamma.data(), silu, x.data(),
                       pixels * 96 / channels, channels);
  }
  const int64_t count = pixels * 3;
  const Tensor<uint8_t> rgb(count);
  bench.memory_bound("to_rgb_bf16", 3.0 * count, x.data(), rgb.data(), count);
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: model_benchmark KERNEL_DIR\n");
    return 2;
  }
  reelspark::Bench bench(argv[1]);
  reelspark::transformer(bench);
  reelspark::scheduler(bench);
  reelspark::decoder(bench);
  return 0;
}
