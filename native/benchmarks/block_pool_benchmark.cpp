// Time and bandwidth of block pooling on the shapes of real models: `block_pool_benchmark KERNEL_DIR`.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "block_pool_launch.h"

namespace reelspark {
namespace {

struct Shape {
  const char* model;
  BlockPoolSize size;
};

// Milliseconds of one launch: the median of several, timed by events.
float median_milliseconds(CUfunction function, const BlockPoolSize& size) {
  const cuda::Buffer<__nv_bfloat16> tokens(std::vector<__nv_bfloat16>(
      static_cast<size_t>(size.batch) * size.heads * size.tokens * size.head_dim, __nv_bfloat16(0.5f)));
  const cuda::Buffer<float> mean(size.rows() * size.head_dim);
  const cuda::Buffer<float> similarity(size.rows());
  const TokenStrides strides{
      size.heads * size.tokens * size.head_dim, size.head_dim, static_cast<int64_t>(size.heads) * size.head_dim};

  CUevent begin, end;
  CUDA(cuEventCreate, &begin, CU_EVENT_DEFAULT);
  CUDA(cuEventCreate, &end, CU_EVENT_DEFAULT);
  std::vector<float> times;
  for (int run = 0; run < 25; ++run) {
    CUDA(cuEventRecord, begin, nullptr);
    launch_block_pool(function, size, tokens.address(), strides, 0, mean.address(), similarity.address());
    CUDA(cuEventRecord, end, nullptr);
    CUDA(cuEventSynchronize, end);
    float milliseconds = 0;
    CUDA(cuEventElapsedTime, &milliseconds, begin, end);
    times.push_back(milliseconds);
  }
  CUDA(cuEventDestroy, begin);
  CUDA(cuEventDestroy, end);
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

void run(const std::string& kernel_directory) {
  const cuda::Device device;
  const std::string image = device.image_directory();
  const cuda::Module module(
      kernel_directory + "/" + image + "/block_pool" + (image == "ptx" ? ".ptx" : ".cubin"));
  std::printf("%s, %s image, bf16, blocks of 64 tokens\n\n", device.name().c_str(), image.c_str());
  std::printf("| model | batch x heads x tokens x dimension | ms | GB/s read |\n|---|---|---|---|\n");
  const Shape shapes[] = {
      {"Wan2.1 1.3B, 480p", {2, 12, 32760, 128, 64}},
      {"Wan2.1 14B, 720p", {2, 40, 75600, 128, 64}},
      {"CogVideoX 2B", {2, 30, 17776, 64, 64}},
  };
  for (const Shape& shape : shapes) {
    const BlockPoolSize& size = shape.size;
    const float milliseconds =
        median_milliseconds(module.function(block_pool_entry<__nv_bfloat16>(size.head_dim)), size);
    const double bytes = 2.0 * size.batch * size.heads * size.tokens * size.head_dim;
    std::printf("| %s | %d x %d x %lld x %d | %.3f | %.0f |\n", shape.model, size.batch, size.heads,
                static_cast<long long>(size.tokens), size.head_dim, milliseconds, bytes / milliseconds / 1e6);
  }
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: block_pool_benchmark KERNEL_DIR\n");
    return 2;
  }
  reelspark::run(argv[1]);
  return 0;
}
