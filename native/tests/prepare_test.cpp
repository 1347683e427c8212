// The prepare kernels on a GPU against fp64 on the host: `prepare_test KERNEL_DIR [IMAGE [ENTRIES]]`. IMAGE is the
// directory of the images to test, such as ptx; `own` or left out, this GPU's own. With ENTRIES only the entry points whose
// names contain it are compared with fp64.
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "block_pool_reference.h"
#include "check.h"
#include "preparation_problem.h"

namespace reelspark {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <typename T>
struct Inputs {
  TokenArray<T> queries, keys, values;
  std::vector<int32_t> query_order, key_order;  // empty for none
};

// Keys about a mean of their own, so that smoothing matters.
template <typename T>
Inputs<T> random_inputs(const PreparationSize& size, int head_dim, bool ordered) {
  std::mt19937_64 random(size.query_tokens * 31 + size.key_tokens + head_dim);
  std::normal_distribution<float> normal;
  Inputs<T> inputs{{size.batch, size.query_tokens, size.query_heads, head_dim},
                   {size.batch, size.key_tokens, size.key_heads, head_dim},
                   {size.batch, size.key_tokens, size.key_heads, head_dim}, {}, {}};
  std::vector<float> mean(head_dim);
  for (float& value : mean) value = 3 * normal(random);
  for (T& value : inputs.queries.values) value = T(normal(random));
  for (T& value : inputs.values.values) value = T(normal(random));
  for (size_t i = 0; i < inputs.keys.values.size(); ++i) {
    inputs.keys.values[i] = T(normal(random) + mean[i % head_dim]);
  }
  if (ordered) {
    inputs.query_order.resize(size.query_tokens);
    std::iota(inputs.query_order.begin(), inputs.query_order.end(), 0);
    std::shuffle(inputs.query_order.begin(), inputs.query_order.end(), random);
    inputs.key_order.resize(size.key_tokens);
    std::iota(inputs.key_order.begin(), inputs.key_order.end(), 0);
    std::shuffle(inputs.key_order.begin(), inputs.key_order.end(), random);
  }
  return inputs;
}

int64_t at_place(const std::vector<int32_t>& order, int64_t place) { return order.empty() ? place : order[place]; }

template <typename T>
void prepare(KernelTable& table, OperandFormat format, const Inputs<T>& inputs, DevicePreparation& device) {
  const int kernel_dim = device.size().kernel_dim;
  // Device memory cannot be empty.
  const auto some = [](auto values) {
    values.resize(values.size() + 8);
    return values;
  };
  const cuda::Buffer<T> queries(some(inputs.queries.values)), keys(some(inputs.keys.values)),
      values(some(inputs.values.values));
  const cuda::Buffer<int32_t> query_order(some(inputs.query_order)), key_order(some(inputs.key_order));
  PreparationArguments arguments = device.arguments;
  arguments.queries = DevicePreparation::at<void>(queries);
  arguments.keys = DevicePreparation::at<void>(keys);
  arguments.values = DevicePreparation::at<void>(values);
  arguments.query_order = inputs.query_order.empty() ? nullptr : DevicePreparation::at<int32_t>(query_order);
  arguments.key_order = inputs.key_order.empty() ? nullptr : DevicePreparation::at<int32_t>(key_order);
  arguments.query_strides = inputs.queries.strides();
  arguments.key_strides = inputs.keys.strides();
  arguments.value_strides = inputs.values.strides();
  arguments.head_dim = inputs.queries.head_dim;
  launch_prepare(table.load(prepare_entry<T>(format, kernel_dim)), arguments, kernel_dim);
  CUDA(cuCtxSynchronize);
}

// Element of a 16-bit block.
template <typename H, int BlockTokens>
float half_at(const std::vector<uint8_t>& bytes, int64_t block, int token, int d, int kernel_dim) {
  H value;
  std::memcpy(&value, &bytes[block * BlockTokens * kernel_dim * 2 + half_offset<BlockTokens>(token, d)], sizeof value);
  return static_cast<float>(value);
}

// Where results of the GPU and of the host are compared.
template <typename T, int D>
class Comparison {
 public:
  Comparison(OperandFormat format, const Inputs<T>& inputs, const DevicePreparation& device)
      : format_(format), inputs_(inputs), device_(device), size_(device.size()), offsets_(device.offsets()),
        means_(device.scratch_floats(offsets_.means, size_.all_key_heads() * D)) {}

  void run() const {
    for (int64_t head = 0; head < size_.all_key_heads() && size_.key_tokens > 0; ++head) means(head);
    queries();
    keys();
    values();
  }

 private:
  using Half = std::conditional_t<std::is_same_v<T, float>, __nv_bfloat16, T>;

  float key(int64_t head, int64_t place, int d) const {
    return d < inputs_.keys.head_dim ? float(inputs_.keys.token(head / size_.key_heads, head % size_.key_heads,
                                                               at_place(inputs_.key_order, place))[d]) : 0;
  }
  float value(int64_t head, int64_t place, int d) const {
    return d < inputs_.values.head_dim ? float(inputs_.values.token(head / size_.key_heads, head % size_.key_heads,
                                                                   at_place(inputs_.key_order, place))[d]) : 0;
  }
  float query(int64_t head, int64_t place, int d) const {
    return d < inputs_.queries.head_dim
               ? float(inputs_.queries.token(head / size_.query_heads, head % size_.query_heads,
                                             at_place(inputs_.query_order, place))[d]) : 0;
  }
  float smoothed(int64_t head, int64_t place, int d) const { return key(head, place, d) - means_[head * D + d]; }

  void means(int64_t head) const {
    for (int d = 0; d < D; ++d) {
      double sum = 0;
      for (int64_t place = 0; place < size_.key_tokens; ++place) sum += key(head, place, d);
      CHECK_NEAR(means_[head * D + d], sum / size_.key_tokens, 1e-6 * (1 + std::fabs(sum / size_.key_tokens)));
    }
  }

  // Pooled mean and similarity against fp64.
  template <typename Element, typename Mean>
  static void pools(int length, const Element& element, const Mean& mean, float similarity) {
    const PooledBlock expected = pool_block(length, D, element);
    CHECK_NEAR(similarity, expected.similarity, 4e-6);
    for (int d = 0; d < D; ++d) CHECK_NEAR(mean(d), expected.mean[d], 4e-6);
  }

  static void quantised(int8_t actual, float value, float scale) {
    CHECK(scale > 0 ? std::fabs(double{value} / scale - actual) <= 0.5001 : actual == 0);
  }

  void queries() const {
    const std::vector<uint8_t> packed = device_.queries.read();
    const std::vector<float> scales = device_.query_scales.read(), shift = device_.shift.read();
    const std::vector<float> pooled = device_.scratch_floats(offsets_.pooled_queries, size_.rows() * D);
    const std::vector<float> similarities = device_.scratch_floats(offsets_.query_similarities, size_.rows());
    const float factor = device_.arguments.softmax_scale * 1.44269504088896341f;
    for (int64_t row = 0; row < size_.rows(); ++row) {
      const int64_t head = row / size_.query_blocks();
      const BlockRange range = block_range(size_.query_tokens, kQueryBlock, row % size_.query_blocks());
      const int64_t key_head = head / (size_.query_heads / size_.key_heads);
      for (int token = 0; token < kQueryBlock; ++token) {
        float magnitude = 0;
        double dot = 0;
        for (int d = 0; d < D && token < range.length; ++d) {
          magnitude = std::max(magnitude, std::fabs(query(head, range.begin + token, d)));
          dot += double{query(head, range.begin + token, d)} * means_[key_head * D + d];
        }
        const float scale = magnitude / 127;
        if (is_int8(format_)) {
          CHECK_NEAR(scales[row * kQueryBlock + token], scale * factor, 1e-6 * scale * factor);
          CHECK_NEAR(shift[row * kQueryBlock + token], dot * device_.arguments.softmax_scale, 2e-5);
        }
        for (int d = 0; d < D; ++d) {
          const float expected = token < range.length ? query(head, range.begin + token, d) : 0;
          if (is_int8(format_)) {
            quantised(static_cast<int8_t>(packed[row * kQueryBlock * D + int8_offset<D>(token, d)]), expected, scale);
          } else {
            CHECK((half_at<Half, kQueryBlock>(packed, row, token, d, D) == static_cast<float>(Half(expected))));
          }
        }
      }
      pools(range.length, [&](int token, int d) { return double{query(head, range.begin + token, d)}; },
            [&](int d) { return pooled[row * D + d]; }, similarities[row]);
    }
  }

  void keys() const {
    const std::vector<uint8_t> packed = device_.keys.read();
    const std::vector<float> scales = device_.key_scales.read();
    const int64_t blocks = size_.key_blocks(), padded = block_count(blocks, kPooledTile) * kPooledTile;
    const std::vector<float> pooled = device_.scratch_floats(offsets_.pooled_keys, size_.all_key_heads() * padded * D);
    const std::vector<float> similarities = device_.scratch_floats(offsets_.key_similarities, device_.key_blocks());
    for (int64_t index = 0; index < device_.key_blocks(); ++index) {
      const int64_t head = index / blocks, block = index % blocks;
      const BlockRange range = block_range(size_.key_tokens, kKeyBlock, block);
      float magnitude = 0;
      for (int token = 0; token < range.length; ++token) {
        for (int d = 0; d < D; ++d) {
          magnitude = std::max(magnitude, std::fabs(smoothed(head, range.begin + token, d)));
        }
      }
      const float scale = magnitude / 127;
      if (is_int8(format_)) CHECK_NEAR(scales[index], scale, 1e-6 * scale);
      for (int token = 0; token < kKeyBlock; ++token) {
        for (int d = 0; d < D; ++d) {
          const bool real = token < range.length;
          if (is_int8(format_)) {
            quantised(static_cast<int8_t>(packed[index * kKeyBlock * D + int8_offset<D>(token, d)]),
                      real ? smoothed(head, range.begin + token, d) : 0, scale);
          } else {
            CHECK((half_at<Half, kKeyBlock>(packed, index, token, d, D) ==
                   static_cast<float>(Half(real ? key(head, range.begin + token, d) : 0))));
          }
        }
      }
      pools(range.length, [&](int token, int d) { return double{smoothed(head, range.begin + token, d)}; },
            [&](int d) { return pooled[head * padded * D + pooled_key_offset(block, d, D)]; }, similarities[index]);
    }
  }

  void values() const {
    const std::vector<uint8_t> packed = device_.values.read();
    const std::vector<float> scales = device_.value_scales.read();
    for (int64_t head = 0; head < size_.all_key_heads(); ++head) {
      for (int d = 0; d < D; ++d) {
        float magnitude = 0;
        for (int64_t place = 0; place < size_.key_tokens; ++place) {
          magnitude = std::max(magnitude, std::fabs(value(head, place, d)));
        }
        if (is_int8(format_) && size_.key_tokens > 0) {
          CHECK_NEAR(scales[head * D + d], magnitude / 448, 1e-6 * magnitude / 448);
        }
        const float inverse = magnitude > 0 ? 448 / magnitude : 0;
        for (int64_t place = 0; place < size_.key_blocks() * kKeyBlock; ++place) {
          const float expected = place < size_.key_tokens ? value(head, place, d) : 0;
          const int64_t block = head * size_.key_blocks() + place / kKeyBlock;
          const int token = place % kKeyBlock;
          if (format_ == OperandFormat::kInt8E4m3) {
            // The kernel's inverse is a little off, which may turn a tie.
            __nv_fp8_e4m3 byte;
            byte.__x = packed[block * kKeyBlock * D + value_offset(token, d)];
            const double nearest = static_cast<float>(__nv_fp8_e4m3(expected * inverse));
            CHECK(std::fabs(static_cast<float>(byte) - expected * inverse) <=
                  std::fabs(nearest - expected * inverse) + 1e-6 * std::fabs(nearest));
          } else if (format_ == OperandFormat::kInt8F16) {
            CHECK_NEAR((half_at<__half, kKeyBlock>(packed, block, token, d, D)), expected * inverse,
                       4.9e-4 * std::fabs(expected * inverse) + 3.1e-8);
          } else {
            CHECK((half_at<Half, kKeyBlock>(packed, block, token, d, D) == static_cast<float>(Half(expected))));
          }
        }
      }
    }
  }

  OperandFormat format_;
  const Inputs<T>& inputs_;
  const DevicePreparation& device_;
  const PreparationSize& size_;
  const Scratch& offsets_;
  std::vector<float> means_;
};

template <typename T, int D>
void matches_fp64(KernelTable& table, OperandFormat format, const std::string& entries) {
  const std::string entry = prepare_entry<T>(format, D);
  if (!table.has(entry) || entry.find(entries) == std::string::npos) return;
  for (int64_t tokens : {1, 63, 64, 129, 300}) {
    for (int head_dim : {D, D - 24}) {
      const PreparationSize size{2, 4, 2, tokens, 301 - tokens, D};
      const Inputs<T> inputs = random_inputs<T>(size, head_dim, head_dim == D);
      DevicePreparation device(size, format, std::vector<HeadSelection>(4));
      prepare(table, format, inputs, device);
      Comparison<T, D>(format, inputs, device).run();
    }
  }
  // Many blocks, so that they do wait for each other.
  const PreparationSize size{2, 3, 3, 2000, 3333, D};
  const Inputs<T> inputs = random_inputs<T>(size, D, false);
  DevicePreparation device(size, format, std::vector<HeadSelection>(3));
  prepare(table, format, inputs, device);
  Comparison<T, D>(format, inputs, device).run();
}

void same_bits_on_every_run(KernelTable& table) {
  const PreparationSize size{1, 4, 4, 9000, 9000, 128};
  const Inputs<__nv_bfloat16> inputs = random_inputs<__nv_bfloat16>(size, 128, false);
  std::vector<std::vector<uint8_t>> first;
  for (int run = 0; run < 4; ++run) {
    DevicePreparation device(size, OperandFormat::kInt8E4m3, std::vector<HeadSelection>(4));
    prepare(table, OperandFormat::kInt8E4m3, inputs, device);
    const int64_t from = device.offsets().means;
    std::vector<std::vector<uint8_t>> results = {
        device.queries.read(), device.keys.read(), device.values.read(),
        device.scratch.read(from, device.offsets().bytes - from)};
    CHECK(run == 0 || results == first);
    first = results;
  }
}

// Results that bad values touch, and only those, are NaN.
void bad_values_stay_where_they_are(KernelTable& table) {
  using T = __nv_bfloat16;
  constexpr int D = 64;
  const PreparationSize size{1, 1, 1, 300, 300, D};
  Inputs<T> inputs = random_inputs<T>(size, D, false);
  const Inputs<T> plain = inputs;
  inputs.queries.token(0, 0, 5)[3] = T(kNaN);
  inputs.queries.token(0, 0, 290)[3] = T(-kInfinity);
  inputs.keys.token(0, 0, 70)[9] = T(kInfinity);
  inputs.keys.token(0, 0, 140)[9] = T(kNaN);
  inputs.values.token(0, 0, 131)[17] = T(kNaN);
  inputs.values.token(0, 0, 132)[18] = T(-kInfinity);
  for (int64_t token = 0; token < 300; ++token) {
    inputs.values.token(0, 0, token)[20] = T(0.0f);
    inputs.values.token(0, 0, token)[21] = T(3e38f);  // beyond fp16
    inputs.values.token(0, 0, token)[22] = T(1e-38f);
    inputs.keys.token(0, 0, token)[30] = T(token % 2 == 0 ? 3e38f : 1e38f);  // their sum overflows
  }
  DevicePreparation device(size, OperandFormat::kInt8E4m3, std::vector<HeadSelection>(1));
  prepare(table, OperandFormat::kInt8E4m3, inputs, device);
  const std::vector<float> query_scales = device.query_scales.read(), key_scales = device.key_scales.read();
  for (int token = 0; token < 300; ++token) CHECK(std::isnan(query_scales[token]) == (token == 5 || token == 290));
  for (int block = 0; block < 5; ++block) {
    CHECK(block == 1 || block == 2 ? std::isnan(key_scales[block]) : std::isfinite(key_scales[block]));
  }
  for (float mean : device.scratch_floats(device.offsets().means, D)) CHECK(std::isfinite(mean));
  CHECK_NEAR(device.scratch_floats(device.offsets().means, D)[30] / 2e38, 1, 1e-2);
  const std::vector<float> key_similarities = device.scratch_floats(device.offsets().key_similarities, 5);
  for (int block = 0; block < 5; ++block) {
    CHECK(!(key_similarities[block] > 0.99f) || block != 1);
  }
  const std::vector<uint8_t> values = device.values.read();
  const std::vector<float> scales = device.value_scales.read();
  for (int d = 0; d < D; ++d) {
    CHECK(std::isfinite(scales[d]));
    for (int token = 0; token < 300; ++token) {
      const uint8_t byte = values[token / kKeyBlock * kKeyBlock * D + value_offset(token % kKeyBlock, d)];
      CHECK((byte % 0x80 == 0x7f) == ((token == 131 && d == 17) || (token == 132 && d == 18)));
      if (d == 21) CHECK_NEAR(static_cast<float>(__nv_fp8_e4m3(448.0f)) * scales[d] / 3e38, 1, 1e-2);
    }
  }
  CHECK(scales[20] == 0 && scales[22] == 0);
}

void equal_tokens_have_scale_zero(KernelTable& table) {
  using T = __half;
  const PreparationSize size{1, 1, 1, 130, 512, 128};
  Inputs<T> inputs = random_inputs<T>(size, 128, false);
  for (T& value : inputs.keys.values) value = T(2.5f);
  for (T& value : inputs.queries.values) value = T(0.0f);
  DevicePreparation device(size, OperandFormat::kInt8F16, std::vector<HeadSelection>(1));
  prepare(table, OperandFormat::kInt8F16, inputs, device);
  for (int block = 0; block < 8; ++block) {
    CHECK(device.key_scales.read()[block] == 0);
    CHECK(device.scratch_floats(device.offsets().key_similarities, 8)[block] == 0);
  }
  for (int token = 0; token < 130; ++token) CHECK(device.query_scales.read()[token] == 0);
  for (uint8_t byte : device.keys.read(0, 512 * 128)) CHECK(byte == 0);
}

// The second sequence of the batch lies past 2^31 elements.
void offsets_pass_32_bits(const cuda::Device& device, KernelTable& table) {
  using T = __nv_bfloat16;
  const PreparationSize size{2, 1, 1, 128, 128, 128};
  const int64_t far = (INT64_C(1) << 31) + 1024;
  const size_t length = far + size.key_tokens * 128;
  if (device.free_bytes() < length * sizeof(T) + (size_t{1} << 28)) {
    std::puts("offsets_pass_32_bits: left out, too little free memory");
    return;
  }
  const Inputs<T> one = random_inputs<T>({1, 1, 1, 128, 128, 128}, 128, false);
  cuda::Buffer<T> both(length);
  both.write(0, one.keys.values);
  both.write(far, one.keys.values);
  DevicePreparation results(size, OperandFormat::kInt8E4m3, std::vector<HeadSelection>(1));
  PreparationArguments arguments = results.arguments;
  arguments.queries = arguments.keys = arguments.values = DevicePreparation::at<void>(both);
  arguments.query_strides = arguments.key_strides = arguments.value_strides = {far, 0, 128};
  arguments.head_dim = 128;
  launch_prepare(table.load(prepare_entry<T>(OperandFormat::kInt8E4m3, 128)), arguments, 128);
  CUDA(cuCtxSynchronize);
  for (const cuda::Buffer<uint8_t>* packed : {&results.queries, &results.keys, &results.values}) {
    CHECK(packed->read(0, 128 * 128) == packed->read(128 * 128, 128 * 128));
  }
}

template <typename T>
void matches_fp64_in_all_formats(KernelTable& table, const std::string& entries) {
  for (OperandFormat format :
       {OperandFormat::kInt8E4m3, OperandFormat::kInt8F16, OperandFormat::kBf16, OperandFormat::kF16}) {
    matches_fp64<T, 64>(table, format, entries);
    matches_fp64<T, 128>(table, format, entries);
  }
}

void run(const std::string& kernel_directory, const std::string& chosen_image, const std::string& entries) {
  const cuda::Device device;
  const std::string image = chosen_image == "own" ? device.image_directory() : chosen_image;
  KernelTable table(kernel_directory, image);
  matches_fp64_in_all_formats<__nv_bfloat16>(table, entries);
  matches_fp64_in_all_formats<__half>(table, entries);
  matches_fp64_in_all_formats<float>(table, entries);
  same_bits_on_every_run(table);
  bad_values_stay_where_they_are(table);
  equal_tokens_have_scale_zero(table);
  offsets_pass_32_bits(device, table);
  std::printf("prepare_test: all checks passed on %s with the %s image\n", device.name().c_str(), image.c_str());
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: prepare_test KERNEL_DIR [IMAGE [ENTRIES]]\n");
    return 2;
  }
  reelspark::run(argv[1], argc > 2 ? argv[2] : "own", argc > 3 ? argv[3] : "");
  return 0;
}
