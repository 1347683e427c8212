// The attention kernels on a GPU against fp64 on the host: `attention_test KERNEL_DIR [NAME [IMAGE]]`, with a part of the
// names of the kernels to test these alone, and the directory of other images than this GPU's, such as ptx.
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "attention_fp64.h"
#include "attention_launch.h"
#include "check.h"

namespace reelspark {
namespace {

constexpr float kLog2E = 1.44269504f;

struct Case {
  std::string name;
  AttentionShape shape;
  Masking masking = Masking::kNone;
  double selected = 1;               // share of the blocks in the lists, 1 for no lists
  bool scattered = false;            // output goes through output_tokens
  int head_dim = 0;                  // dimensions written, 0 for all
  float pv_threshold = INFINITY;     // log2 units
  float key_spread = 1;              // scale of the keys: how peaked the softmax is
  float block_contrast = 0;          // how far blocks of keys lie apart in their scores, in log2 units
  float sink = 0;                    // how far one key lies above all others in its scores, in log2 units
};

// What a launch leaves.
struct Result {
  std::vector<uint16_t> output;
  std::vector<float> log_sum_exp;
  AttentionStatistics statistics;
};

constexpr uint16_t kPoison = 0x7fff;  // NaN in both 16-bit formats

float value_of(uint16_t bits, OutputFormat format) {
  if (format == OutputFormat::kBf16) {
    __nv_bfloat16 value;
    std::memcpy(static_cast<void*>(&value), &bits, 2);
    return static_cast<float>(value);
  }
  __half value;
  std::memcpy(static_cast<void*>(&value), &bits, 2);
  return static_cast<float>(value);
}

HeadArray random_tokens(int64_t heads, int64_t tokens, int head_dim, float spread, uint64_t seed) {
  HeadArray array(heads, tokens, head_dim);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, spread);
  for (float& value : array.values) {
    value = normal(random);
  }
  return array;
}

// Moves all queries along the diagonal and blocks of keys along it by up to `contrast`, to and fro.
void contrast_blocks(HeadArray& queries, HeadArray& keys, float contrast) {
  for (float& value : queries.values) {
    value += 1;
  }
  for (int64_t head = 0; head < keys.heads; ++head) {
    for (int64_t token = 0; token < keys.tokens; ++token) {
      for (int d = 0; d < keys.head_dim; ++d) {
        keys.token(head, token)[d] += contrast * std::sin(1.7f * static_cast<float>(token / kKeyBlock));
      }
    }
  }
}

// Turns all queries towards the diagonal and moves one key of each head `height` along it.
void add_sinks(HeadArray& queries, HeadArray& keys, float height) {
  for (float& value : queries.values) {
    value = 1 + value / 4;
  }
  for (int64_t head = 0; head < keys.heads; ++head) {
    for (int d = 0; d < keys.head_dim; ++d) {
      keys.token(head, 5)[d] += height;
    }
  }
}

// Each admissible block with probability `selected`; every seventh row is empty.
BlockLists random_lists(const AttentionShape& shape, Masking masking, double selected) {
  BlockLists lists{std::vector<uint16_t>(shape.rows() * shape.key_blocks(), 0xffff),
                   std::vector<uint32_t>(shape.rows())};
  std::mt19937_64 random(shape.query_tokens * 7 + shape.key_tokens);
  std::bernoulli_distribution chosen(selected);
  for (int64_t row = 0; row < shape.rows(); ++row) {
    const BlockRange range = block_range(shape.query_tokens, kQueryBlock, row % shape.query_blocks());
    const int64_t admissible = block_count(
        visible_keys(range.begin + range.length - 1, shape.query_tokens, shape.key_tokens, masking), kKeyBlock);
    for (int64_t block = 0; row % 7 != 6 && block < admissible; ++block) {
      if (chosen(random)) {
        lists.ids[row * shape.key_blocks() + lists.counts[row]++] = static_cast<uint16_t>(block);
      }
    }
  }
  return lists;
}

// Both storage orders of [batch, head, token, dimension], with room for `shape.head_dim` dimensions.
TokenStrides token_major(const AttentionShape& shape) {
  const int64_t token = int64_t{shape.query_heads} * shape.head_dim;
  return {shape.query_tokens * token, shape.head_dim, token};
}

// A kernel and where it runs.
struct Launcher {
  const cuda::Device& device;
  KernelFamily family;
  Kernel kernel;
  const cuda::Buffer<uint32_t> next_row{std::vector<uint32_t>(1)};

  void launch(const AttentionArguments& arguments) const {
    launch_attention(device, family, kernel, arguments, next_row);
    CUDA(cuCtxSynchronize);
    CHECK(next_row.read()[0] == 0);
  }
};

Result attend_on_device(
    const Launcher& launcher, const Case& test, const PackedOperands& operands, const BlockLists* lists,
    const std::vector<int32_t>& order, float score_scale) {
  const AttentionShape& shape = test.shape;
  const DeviceProblem problem(
      shape, operands, lists, std::vector<float>(shape.query_heads, test.pv_threshold));
  const int64_t tokens = shape.batch * shape.query_heads * shape.query_tokens;
  const cuda::Buffer<uint16_t> output(std::vector<uint16_t>(tokens * shape.head_dim, kPoison));
  const cuda::Buffer<float> log_sum_exp(std::vector<float>(tokens, std::nanf("")));
  const cuda::Buffer<uint64_t> statistics(std::vector<uint64_t>{5, 7});
  const cuda::Buffer<int32_t> order_on_device(order.empty() ? std::vector<int32_t>(1) : order);
  // Rows in descending order.
  std::vector<uint32_t> row_order(shape.rows());
  for (int64_t row = 0; row < shape.rows(); ++row) {
    row_order[row] = static_cast<uint32_t>(shape.rows() - 1 - row);
  }
  const cuda::Buffer<uint32_t> row_order_on_device(row_order);

  AttentionArguments arguments = problem.arguments();
  arguments.output = DeviceProblem::pointer<void>(output);
  arguments.output_strides = token_major(shape);
  arguments.output_tokens = order.empty() ? nullptr : DeviceProblem::pointer<int32_t>(order_on_device);
  arguments.log_sum_exp = DeviceProblem::pointer<float>(log_sum_exp);
  arguments.statistics = DeviceProblem::pointer<AttentionStatistics>(statistics);
  arguments.row_order = lists == nullptr ? nullptr : DeviceProblem::pointer<uint32_t>(row_order_on_device);
  arguments.masking = test.masking;
  arguments.score_scale = score_scale;
  arguments.head_dim = test.head_dim == 0 ? shape.head_dim : test.head_dim;
  launcher.launch(arguments);
  const std::vector<uint64_t> counted = statistics.read();
  return {output.read(), log_sum_exp.read(), {counted[0] - 5, counted[1] - 7}};
}

// Sums that tell how far an output is from the one expected.
struct Distance {
  double difference = 0, magnitude = 0, dot = 0, square = 0, expected_square = 0;

  void add(double actual, double expected) {
    difference += std::fabs(actual - expected);
    magnitude += std::fabs(expected);
    dot += actual * expected;
    square += actual * actual;
    expected_square += expected * expected;
  }
  double relative() const { return magnitude == 0 ? difference : difference / magnitude; }
  double cosine() const { return square == 0 && expected_square == 0 ? 1 : dot / std::sqrt(square * expected_square); }
};

// How far a kernel may be from fp64 on its own operands.
struct Bounds {
  double relative;  // L1 of a case
  double element;
  double log_sum;  // of a row, besides the rounding of fp32
};

Bounds bounds_of(KernelFamily family, OperandFormat operands, OutputFormat output) {
  if (operands == OperandFormat::kInt8E4m3) {
    // Weights are within 8% of the true ones on Hopper, see linear_weight.h, elsewhere within 6%: outputs are off most for a
    // single query, elements for one that sees two or three keys, and so are Hopper's log-sum-exps.
    return family == KernelFamily::kWgmma ? Bounds{4.5e-2, 0.2, 0.085} : Bounds{4e-2, 0.15, 0};
  }
  return {output == OutputFormat::kBf16 ? 4e-3 : 1e-3, 0.15, 0};
}

template <int D>
void run_case(const Launcher& launcher, const std::string& entry, OperandFormat format, OutputFormat output_format, const Case& test) {
  const AttentionShape& shape = test.shape;
  const float score_scale = kLog2E / std::sqrt(static_cast<float>(D));
  const uint64_t seed = shape.query_tokens * 1000 + shape.key_tokens;
  HeadArray queries = random_tokens(shape.batch * shape.query_heads, shape.query_tokens, D, 1, seed);
  HeadArray keys = random_tokens(shape.batch * shape.key_heads, shape.key_tokens, D, test.key_spread, seed + 1);
  if (test.block_contrast > 0) {
    contrast_blocks(queries, keys, test.block_contrast / (D * score_scale));
  }
  if (test.sink > 0) {
    add_sinks(queries, keys, test.sink / (D * score_scale));
  }
  const HeadArray values = random_tokens(shape.batch * shape.key_heads, shape.key_tokens, D, 1, seed + 2);
  const PackedOperands operands = pack_operands<D>(format, queries, keys, values, score_scale);
  const BlockLists lists =
      test.selected < 1 ? random_lists(shape, test.masking, test.selected) : BlockLists();
  const BlockLists* const used_lists = test.selected < 1 ? &lists : nullptr;
  std::vector<int32_t> order;
  for (int64_t token = 0; test.scattered && token < shape.query_tokens; ++token) {
    order.push_back(static_cast<int32_t>(shape.query_tokens - 1 - token));
  }
  const Result result = attend_on_device(launcher, test, operands, used_lists, order, score_scale);

  const int group_queries = query_group(launcher.family);
  const AttentionProblem exact{shape, operands.queries.meaning, operands.keys.meaning, operands.values.meaning,
                               score_scale, test.masking, used_lists, test.pv_threshold, group_queries};
  const AttentionProblem original{shape, queries, keys, values, score_scale, test.masking, used_lists,
                                  INFINITY, group_queries};
  const int written = test.head_dim == 0 ? D : test.head_dim;
  const TokenStrides strides = token_major(shape);
  Distance to_exact, to_original;
  const Bounds bounds = bounds_of(launcher.family, format, output_format);
  double skipped = 0, log_sum_difference = 0;
  int log_sums = 0;
  bool counts_skips = true;
  // All groups of a small problem, some of a large one.
  const int64_t head_groups = block_count(shape.query_tokens, group_queries);
  const int64_t groups = shape.batch * shape.query_heads * head_groups;
  constexpr int64_t kMost = 25'000;
  const int64_t stride = groups * shape.key_tokens < kMost ? 1 : groups * shape.key_tokens / kMost | 1;
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t query_head = group / head_groups;
    const int64_t first = group % head_groups * group_queries;
    const int batch = static_cast<int>(query_head / shape.query_heads);
    const int head = static_cast<int>(query_head % shape.query_heads);
    if (group % stride != 0) {
      counts_skips = false;
      continue;
    }
    const AttendedGroup expected = attend_group(exact, batch, head, first);
    const AttendedGroup wanted = attend_group(original, batch, head, first);
    const BlockRange block = block_range(shape.query_tokens, kQueryBlock, first / kQueryBlock);
    const int parts = (block.length + 15) / 16;
    skipped += double(expected.skipped_blocks) * ((expected.queries.size() + 15) / 16) * (kPartsOfBlock / parts);
    for (size_t q = 0; q < expected.queries.size(); ++q) {
      const int64_t token = order.empty() ? first + q : order[first + q];
      const int64_t offset = token_offset(strides, batch, head, token);
      for (int d = 0; d < D; ++d) {
        const uint16_t bits = result.output[offset + d];
        if (d >= written) {
          CHECK(bits == kPoison);
          continue;
        }
        const double actual = value_of(bits, output_format);
        to_exact.add(actual, expected.queries[q].output[d]);
        to_original.add(actual, wanted.queries[q].output[d]);
        CHECK(std::fabs(actual - expected.queries[q].output[d]) < bounds.element || test.pv_threshold < INFINITY);
      }
      const double log_sum = result.log_sum_exp[query_head * shape.query_tokens + token];
      if (expected.queries[q].log_sum_exp == -INFINITY) {
        CHECK(log_sum == -INFINITY);
      } else if (!(test.pv_threshold < INFINITY)) {
        CHECK_NEAR(log_sum, expected.queries[q].log_sum_exp, bounds.log_sum + 3e-4 * (1 + std::fabs(log_sum)));
        log_sum_difference += log_sum - expected.queries[q].log_sum_exp;
        ++log_sums;
      }
    }
  }
  int64_t selected = 0;
  for (int64_t row = 0; row < shape.rows(); ++row) {
    const BlockRange range = block_range(shape.query_tokens, kQueryBlock, row % shape.query_blocks());
    selected += used_lists != nullptr
                    ? lists.counts[row]
                    : block_count(visible_keys(range.begin + range.length - 1, shape.query_tokens, shape.key_tokens,
                                               test.masking), kKeyBlock);
  }
  std::printf("%-40s %-26s %9.2e %9.2e %8.5f  skipped %5.2f%% (%5.2f%%)\n", entry.c_str(), test.name.c_str(),
              to_exact.relative(), to_original.relative(), to_original.cosine(),
              selected == 0 ? 0.0 : 100.0 * result.statistics.skipped_parts / (double(selected) * kPartsOfBlock),
              selected == 0 || !counts_skips ? 0.0 : 100.0 * skipped / (double(selected) * kPartsOfBlock));
  CHECK(static_cast<int64_t>(result.statistics.selected_blocks) == selected);
  CHECK(to_exact.relative() <= bounds.relative || test.pv_threshold < INFINITY);
  // Errors of single rows have either sign.
  CHECK(log_sums < 100 || std::fabs(log_sum_difference / log_sums) <= bounds.log_sum / 5 + 3e-3);
  if (is_int8(format) && !(test.pv_threshold < INFINITY) && test.key_spread == 1) {
    CHECK(to_original.relative() <= 0.06);
    CHECK(to_original.cosine() >= 0.998);
  }
  if (!(test.pv_threshold < INFINITY)) {
    CHECK(result.statistics.skipped_parts == 0);
  } else if (counts_skips) {
    CHECK(result.statistics.skipped_parts > 0);
    CHECK(to_exact.relative() <= 2e-2 + bounds.relative);
    CHECK_NEAR(static_cast<double>(result.statistics.skipped_parts), skipped, 0.02 * skipped + 2 * kPartsOfBlock);
  }
}

std::vector<Case> cases(int head_dim) {
  std::vector<Case> all;
  for (int64_t query_tokens : {1, 31, 64, 129, 300}) {
    for (int64_t key_tokens : {1, 63, 65, 300}) {
      all.push_back({"dense " + std::to_string(query_tokens) + " x " + std::to_string(key_tokens),
                     {1, 2, 1, query_tokens, key_tokens, head_dim}});
    }
  }
  for (int64_t query_tokens : {5, 128, 200}) {
    for (int64_t key_tokens : {40, 128, 333}) {
      all.push_back({"causal " + std::to_string(query_tokens) + " x " + std::to_string(key_tokens),
                     {1, 1, 1, query_tokens, key_tokens, head_dim}, Masking::kCausal});
    }
  }
  all.push_back({"grouped heads", {2, 6, 2, 150, 170, head_dim}});
  all.push_back({"lists", {2, 4, 2, 500, 700, head_dim}, Masking::kNone, 0.4});
  all.push_back({"causal lists", {1, 4, 2, 500, 700, head_dim}, Masking::kCausal, 0.5});
  all.push_back({"scattered", {2, 2, 2, 140, 150, head_dim}, Masking::kNone, 0.7, true});
  all.push_back({"narrow heads", {1, 2, 2, 140, 150, head_dim}, Masking::kNone, 1, false, 40});
  for (float spread : {3.0f, 6.0f, 40.0f}) {
    all.push_back({"peaked " + std::to_string(static_cast<int>(spread)), {1, 2, 2, 256, 640, head_dim}, Masking::kNone, 1,
                   false, 0, INFINITY, spread});
  }
  all.push_back({"PV threshold", {1, 2, 2, 200, 1600, head_dim}, Masking::kNone, 1, false, 0, 6, 0.5f, 12});
  all.push_back({"PV threshold, causal lists", {1, 2, 2, 400, 800, head_dim}, Masking::kCausal, 0.6, false, 0, 8, 0.5f, 12});
  // Below a key that outweighs each other by far, many that together outweigh it.
  for (float sink : {9.0f, 12.0f, 14.0f}) {
    all.push_back({"sink, flat tail " + std::to_string(static_cast<int>(sink)), {1, 1, 1, 16, 32768, head_dim},
                   Masking::kNone, 1, false, 0, INFINITY, 0.2f, 0, sink});
  }
  all.push_back({"long", {1, 2, 1, 4200, 4300, head_dim}});
  all.push_back({"long lists", {1, 2, 1, 9000, 16000, head_dim}, Masking::kNone, 0.2});
  return all;
}

// NaN in one key reaches the rows that meet its block and no others; constant keys weigh all values the same; huge
// values stay finite.
template <int D>
void unusual_numbers(const Launcher& launcher, OperandFormat format, OutputFormat output_format) {
  const Case test{"unusual numbers", {1, 1, 1, 256, 192, D}};
  const float score_scale = kLog2E / std::sqrt(static_cast<float>(D));
  const auto attend = [&](const HeadArray& queries, const HeadArray& keys, const HeadArray& values,
                          const BlockLists* lists) {
    PackedOperands operands = pack_operands<D>(format, queries, keys, values, score_scale);
    return attend_on_device(launcher, test, operands, lists, {}, score_scale).output;
  };
  const HeadArray queries = random_tokens(1, 256, D, 1, 1);
  const HeadArray keys = random_tokens(1, 192, D, 1, 2);
  const HeadArray values = random_tokens(1, 192, D, 1, 3);

  HeadArray bad_keys = keys;
  bad_keys.token(0, 70)[3] = NAN;
  const BlockLists lists{{0, 2, 0xffff, 0, 1, 0xffff}, {2, 2}};  // only the second row meets block 1
  const std::vector<uint16_t> with_nan = attend(queries, bad_keys, values, &lists);
  const std::vector<uint16_t> without = attend(queries, keys, values, &lists);
  for (int i = 0; i < 256 * D; ++i) {
    CHECK(i < 128 * D ? with_nan[i] == without[i] : std::isnan(value_of(with_nan[i], output_format)));
  }
  HeadArray bad_queries = queries;
  bad_queries.token(0, 17)[0] = NAN;
  const std::vector<uint16_t> nan_query = attend(bad_queries, keys, values, nullptr);
  for (int i = 0; i < 256 * D; ++i) {
    CHECK(std::isnan(value_of(nan_query[i], output_format)) == (i / D == 17));
  }

  const HeadArray no_keys(1, 192, D);  // zeros
  const std::vector<uint16_t> even = attend(queries, no_keys, values, nullptr);
  for (int i = 0; i < 256 * D; ++i) {
    double mean = 0;
    for (int key = 0; key < 192; ++key) {
      mean += values.token(0, key)[i % D] / 192;
    }
    CHECK_NEAR(value_of(even[i], output_format), mean, 1e-2);
  }
  if (output_format != OutputFormat::kF16) {
    HeadArray huge = values;
    for (float& value : huge.values) {
      value *= 1e30f;
    }
    const std::vector<uint16_t> large = attend(queries, keys, huge, nullptr);
    const std::vector<uint16_t> small = attend(queries, keys, values, nullptr);
    for (int i = 0; i < 256 * D; ++i) {
      CHECK_NEAR(value_of(large[i], output_format) / 1e30f, value_of(small[i], output_format), 3e-2);
    }
  }
}

// The second batch item's output lies past 2^32 elements.
void offsets_pass_32_bits(const Launcher& launcher, OperandFormat format) {
  const AttentionShape shape{2, 1, 1, 130, 130, 64};
  const int64_t far = (INT64_C(1) << 32) + 1024;
  const int64_t item = shape.query_tokens * shape.head_dim;
  const size_t length = far + item;
  if (launcher.device.free_bytes() < length * 2 + (size_t{1} << 28)) {
    std::puts("offsets_pass_32_bits: left out, too little free memory");
    return;
  }
  const float score_scale = kLog2E / 8;
  const PackedOperands operands =
      pack_operands<64>(format, random_tokens(2, 130, 64, 1, 1), random_tokens(2, 130, 64, 1, 2),
                        random_tokens(2, 130, 64, 1, 3), score_scale);
  const Case test{"", shape};
  const std::vector<uint16_t> near = attend_on_device(launcher, test, operands, nullptr, {}, score_scale).output;
  const DeviceProblem problem(shape, operands, nullptr, {});
  const cuda::Buffer<uint16_t> output(length);
  AttentionArguments arguments = problem.arguments();
  arguments.output = DeviceProblem::pointer<void>(output);
  arguments.output_strides = {far, 0, 64};
  arguments.score_scale = score_scale;
  launcher.launch(arguments);
  CHECK(output.read(0, item) == std::vector<uint16_t>(near.begin(), near.begin() + item));
  CHECK(output.read(far, item) == std::vector<uint16_t>(near.begin() + item, near.end()));
}

template <int D>
void run_formats(const cuda::Device& device, KernelTable& kernels, KernelFamily family, const std::string& chosen) {
  for (OperandFormat format :
       {OperandFormat::kInt8F16, OperandFormat::kInt8E4m3, OperandFormat::kBf16, OperandFormat::kF16}) {
    for (OutputFormat output : {OutputFormat::kBf16, OutputFormat::kF16}) {
      const std::string entry = attention_entry(family, format, output, D);
      if (!is_int8(format) && (format == OperandFormat::kBf16) != (output == OutputFormat::kBf16)) {
        continue;
      }
      if (entry.find(chosen) == std::string::npos) {
        continue;
      }
      if (!kernels.has(entry)) {
        std::printf("%s: not for this GPU\n", entry.c_str());
        continue;
      }
      const Launcher launcher{device, family, kernels.load(entry)};
      for (const Case& test : cases(D)) {
        run_case<D>(launcher, entry, format, output, test);
      }
      unusual_numbers<D>(launcher, format, output);
      if (D == 64 && output == OutputFormat::kBf16) {
        offsets_pass_32_bits(launcher, format);
      }
    }
  }
}

void run(const std::string& kernel_directory, const std::string& chosen, const std::string& chosen_image) {
  const cuda::Device device;
  const std::string image = chosen_image.empty() ? device.image_directory() : chosen_image;
  KernelTable kernels(kernel_directory, image);
  std::puts("kernel, case, relative L1 to the packed operands, to the original ones, cosine to these");
  for (KernelFamily family : {KernelFamily::kMma, KernelFamily::kWgmma}) {
    run_formats<64>(device, kernels, family, chosen);
    run_formats<128>(device, kernels, family, chosen);
  }
  std::printf("attention_test: all checks passed on %s with the %s image\n", device.name().c_str(), image.c_str());
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: attention_test KERNEL_DIR [NAME [IMAGE]]\n");
    return 2;
  }
  reelspark::run(argv[1], argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
  return 0;
}
