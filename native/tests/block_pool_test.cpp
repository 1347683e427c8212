// The block pooling kernels on a GPU against fp64 on the host: `block_pool_test KERNEL_DIR`.
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "block_pool_launch.h"
#include "block_pool_reference.h"
#include "check.h"

namespace reelspark {
namespace {

enum class Storage { kTokenMajor, kHeadMajor };

TokenStrides strides_of(const BlockPoolSize& size, Storage storage) {
  const int64_t batch = size.heads * size.tokens * size.head_dim;
  if (storage == Storage::kHeadMajor) {
    return {batch, size.tokens * size.head_dim, size.head_dim};
  }
  return {batch, size.head_dim, static_cast<int64_t>(size.heads) * size.head_dim};
}

struct Pooled {
  std::vector<float> mean;
  std::vector<float> similarity;

  bool same_bits(const Pooled& other) const {
    return mean.size() == other.mean.size() && similarity.size() == other.similarity.size() &&
           std::memcmp(mean.data(), other.mean.data(), mean.size() * sizeof(float)) == 0 &&
           std::memcmp(similarity.data(), other.similarity.data(), similarity.size() * sizeof(float)) == 0;
  }
};

Pooled pool_on_device(
    CUfunction function, const BlockPoolSize& size, CUdeviceptr tokens, TokenStrides strides,
    const std::vector<float>& smoothing) {
  // NaN shows an element that the kernel leaves out.
  cuda::Buffer<float> mean(std::vector<float>(size.rows() * size.head_dim, std::nanf("")));
  cuda::Buffer<float> similarity(std::vector<float>(size.rows(), std::nanf("")));
  cuda::Buffer<float> shift(smoothing.empty() ? std::vector<float>(1) : smoothing);
  launch_block_pool(
      function, size, tokens, strides, smoothing.empty() ? 0 : shift.address(), mean.address(), similarity.address());
  CUDA(cuCtxSynchronize);
  return {mean.read(), similarity.read()};
}

// Random tokens around a shared direction, so that similarity is neither 0 nor 1; every 50th token is zero.
template <typename T>
std::vector<T> random_tokens(const BlockPoolSize& size, const TokenStrides& strides) {
  std::mt19937_64 random(size.tokens * 31 + size.head_dim);
  std::normal_distribution<float> normal(0.25f, 1.0f);
  std::vector<T> tokens(static_cast<size_t>(size.batch) * size.heads * size.tokens * size.head_dim);
  for (int batch = 0; batch < size.batch; ++batch) {
    for (int head = 0; head < size.heads; ++head) {
      for (int64_t token = 0; token < size.tokens; ++token) {
        const int64_t offset = token_offset(strides, batch, head, token);
        for (int d = 0; d < size.head_dim; ++d) {
          tokens[offset + d] = token % 50 == 49 ? T(0.0f) : T(normal(random));
        }
      }
    }
  }
  return tokens;
}

std::vector<float> random_smoothing(const BlockPoolSize& size) {
  std::mt19937_64 random(11);
  std::normal_distribution<float> normal;
  std::vector<float> mean(static_cast<size_t>(size.batch) * size.heads * size.head_dim);
  for (float& value : mean) {
    value = normal(random);
  }
  return mean;
}

template <typename T>
void check_against_reference(
    const BlockPoolSize& size, const TokenStrides& strides, const std::vector<T>& tokens,
    const std::vector<float>& smoothing, const Pooled& actual) {
  for (int batch = 0; batch < size.batch; ++batch) {
    for (int head = 0; head < size.heads; ++head) {
      for (int64_t block = 0; block < size.blocks(); ++block) {
        const BlockRange range = block_range(size.tokens, size.block_tokens, block);
        const PooledBlock expected = pool_block(range.length, size.head_dim, [&](int token, int d) {
          const double value = static_cast<float>(
              tokens[token_offset(strides, batch, head, range.begin + token) + d]);
          return smoothing.empty() ? value : value - smoothing[(batch * size.heads + head) * size.head_dim + d];
        });
        const int64_t row = block_row(batch, head, block, size.heads, size.blocks());
        CHECK_NEAR(actual.similarity[row], expected.similarity, 2e-6);
        for (int d = 0; d < size.head_dim; ++d) {
          CHECK_NEAR(actual.mean[row * size.head_dim + d], expected.mean[d], 2e-6);
        }
      }
    }
  }
}

template <typename T>
void matches_fp64(const cuda::Module& module, int head_dim) {
  const CUfunction function = module.function(block_pool_entry<T>(head_dim));
  for (int block_tokens : {64, 128}) {
    for (int64_t tokens : {1, 63, 64, 130, 1000}) {
      const BlockPoolSize size{2, 3, tokens, head_dim, block_tokens};
      for (Storage storage : {Storage::kTokenMajor, Storage::kHeadMajor}) {
        const TokenStrides strides = strides_of(size, storage);
        const std::vector<T> tokens_on_host = random_tokens<T>(size, strides);
        const cuda::Buffer<T> tokens_on_device(tokens_on_host);
        for (const std::vector<float>& smoothing : {std::vector<float>(), random_smoothing(size)}) {
          check_against_reference(
              size, strides, tokens_on_host, smoothing,
              pool_on_device(function, size, tokens_on_device.address(), strides, smoothing));
        }
      }
    }
  }
}

void same_bits_on_every_run(const cuda::Module& module) {
  const BlockPoolSize size{1, 4, 4352, 64, 64};
  const TokenStrides strides = strides_of(size, Storage::kTokenMajor);
  const cuda::Buffer<__nv_bfloat16> tokens(random_tokens<__nv_bfloat16>(size, strides));
  const CUfunction function = module.function(block_pool_entry<__nv_bfloat16>(64));
  const Pooled first = pool_on_device(function, size, tokens.address(), strides, {});
  for (int run = 0; run < 3; ++run) {
    CHECK(pool_on_device(function, size, tokens.address(), strides, {}).same_bits(first));
  }
}

void portable_image_agrees(const cuda::Module& module, const cuda::Module& portable) {
  const BlockPoolSize size{1, 2, 500, 128, 64};
  const TokenStrides strides = strides_of(size, Storage::kHeadMajor);
  const std::vector<__half> tokens_on_host = random_tokens<__half>(size, strides);
  const cuda::Buffer<__half> tokens(tokens_on_host);
  const std::string entry = block_pool_entry<__half>(128);
  for (const cuda::Module* image : {&module, &portable}) {
    check_against_reference(
        size, strides, tokens_on_host, {},
        pool_on_device(image->function(entry), size, tokens.address(), strides, {}));
  }
}

// The second sequence of the batch lies past 2^31 elements.
void offsets_pass_32_bits(const cuda::Device& device, const cuda::Module& module) {
  const BlockPoolSize size{2, 1, 128, 128, 64};
  const int64_t far = (INT64_C(1) << 31) + 1024;
  const size_t length = far + size.tokens * size.head_dim;
  if (device.free_bytes() < length * sizeof(__nv_bfloat16) + (size_t{1} << 28)) {
    std::puts("offsets_pass_32_bits: left out, too little free memory");
    return;
  }
  const BlockPoolSize one{1, 1, size.tokens, size.head_dim, size.block_tokens};
  const std::vector<__nv_bfloat16> tokens = random_tokens<__nv_bfloat16>(one, strides_of(one, Storage::kHeadMajor));
  cuda::Buffer<__nv_bfloat16> both(length);
  both.write(0, tokens);
  both.write(far, tokens);
  const CUfunction function = module.function(block_pool_entry<__nv_bfloat16>(128));
  const Pooled pooled = pool_on_device(function, size, both.address(), {far, 0, size.head_dim}, {});
  const size_t half = pooled.similarity.size() / 2;
  for (size_t row = 0; row < half; ++row) {
    CHECK(pooled.similarity[row] == pooled.similarity[row + half]);
  }
  CHECK(pooled.mean[0] == pooled.mean[half * size.head_dim]);
}

void run(const std::string& kernel_directory) {
  const cuda::Device device;
  const std::string image = device.image_directory();
  const cuda::Module portable(kernel_directory + "/ptx/block_pool.ptx");
  const cuda::Module module(
      kernel_directory + "/" + image + "/block_pool" + (image == "ptx" ? ".ptx" : ".cubin"));
  for (int head_dim : {64, 128}) {
    matches_fp64<float>(module, head_dim);
    matches_fp64<__half>(module, head_dim);
    matches_fp64<__nv_bfloat16>(module, head_dim);
  }
  same_bits_on_every_run(module);
  portable_image_agrees(module, portable);
  offsets_pass_32_bits(device, module);
  std::printf("block_pool_test: all checks passed on %s with the %s image\n", device.name().c_str(), image.c_str());
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: block_pool_test KERNEL_DIR\n");
    return 2;
  }
  reelspark::run(argv[1]);
  return 0;
}
