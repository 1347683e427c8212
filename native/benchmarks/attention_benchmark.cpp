// Times the attention kernels: `attention_benchmark [--json] [--only NAME] KERNEL_DIR...`. Several directories are
// builds to compare on the same operands; NAME is a part of the names of the kernels to time.
//
// TOPS are 4 batch heads length^2 dimension / time: "dense" counts all blocks, "selected" those in the lists. Operands
// are random with the spread of normal data; times are medians of single launches, by events, after a warm-up.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "attention_launch.h"
#include "clock_probe.h"

namespace reelspark {
namespace {

constexpr int kWarmups = 3;
constexpr int kRuns = 12;

struct Model {
  const char* name;
  AttentionShape shape;
};

const Model kModels[] = {
    {"CogVideoX-2b", {2, 30, 30, 17776, 17776, 64}},
    {"Wan2.1-1.3B 480p", {1, 12, 12, 32760, 32760, 128}},
    {"Mochi", {1, 24, 24, 22256, 22256, 128}},
};

// Normal numbers, the same 2^16 over and over from a random start for each block, so that hosts fill gigabytes soon.
template <typename T, typename Convert>
std::vector<uint8_t> random_blocks(size_t elements, uint64_t seed, const Convert& convert) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  constexpr size_t kPool = 1 << 16, kRun = 4096;
  std::vector<T> pool(kPool + kRun);
  for (T& element : pool) {
    element = convert(normal(random));
  }
  std::vector<uint8_t> bytes(elements * sizeof(T));
  for (size_t i = 0; i < elements; i += kRun) {
    std::memcpy(&bytes[i * sizeof(T)], &pool[random() % kPool], std::min(kRun, elements - i) * sizeof(T));
  }
  return bytes;
}

template <typename T>
std::vector<uint8_t> random_half(size_t elements, uint64_t seed, float spread) {
  return random_blocks<T>(elements, seed, [&](float value) { return T(value * spread); });
}

std::vector<uint8_t> random_int8(size_t elements, uint64_t seed, float spread) {
  return random_blocks<int8_t>(elements, seed, [&](float value) {
    return static_cast<int8_t>(std::lrint(std::max(-127.0f, std::min(127.0f, value * spread))));
  });
}

PackedOperands random_operands(OperandFormat format, const AttentionShape& shape) {
  const int64_t query_heads = shape.batch * shape.query_heads, key_heads = shape.batch * shape.key_heads;
  const size_t query_elements = query_heads * shape.query_blocks() * kQueryBlock * shape.head_dim;
  const size_t key_elements = key_heads * shape.key_blocks() * kKeyBlock * shape.head_dim;
  const HeadArray nothing(0, 0, 0);
  PackedOperands operands{{{}, {}, nothing}, {{}, {}, nothing}, {{}, {}, nothing}};
  if (!is_int8(format)) {
    const auto fill = [&](size_t elements, uint64_t seed) {
      return format == OperandFormat::kBf16 ? random_half<__nv_bfloat16>(elements, seed, 1)
                                            : random_half<__half>(elements, seed, 1);
    };
    operands.queries.blocks = fill(query_elements, 1);
    operands.keys.blocks = fill(key_elements, 2);
    operands.values.blocks = fill(key_elements, 3);
    return operands;
  }
  // The greatest of D and of 64 D normal numbers lie near 2.5 and 4 standard deviations.
  constexpr float kQuerySpread = 127 / 2.5f, kKeySpread = 127 / 4.0f;
  operands.queries.blocks = random_int8(query_elements, 1, kQuerySpread);
  operands.keys.blocks = random_int8(key_elements, 2, kKeySpread);
  operands.queries.scales.assign(
      query_heads * shape.query_blocks() * kQueryBlock, 1.4427f / std::sqrt(float(shape.head_dim)) / kQuerySpread);
  operands.keys.scales.assign(key_heads * shape.key_blocks(), 1 / kKeySpread);
  operands.values.scales.assign(key_heads * shape.head_dim, 0.01f);
  operands.values.blocks = format == OperandFormat::kInt8F16
                               ? random_half<__half>(key_elements, 3, 100)
                               : random_blocks<__nv_fp8_e4m3>(key_elements, 3, [](float value) {
                                   return __nv_fp8_e4m3(value * 100);
                                 });
  return operands;
}

// The same number of blocks in each row, at random places.
BlockLists random_lists(const AttentionShape& shape, double kept) {
  const int64_t blocks = shape.key_blocks();
  const auto count = static_cast<uint32_t>(std::ceil(kept * blocks));
  BlockLists lists{std::vector<uint16_t>(shape.rows() * blocks), std::vector<uint32_t>(shape.rows(), count)};
  std::mt19937_64 random(9);
  std::vector<uint16_t> places(blocks);
  for (int64_t i = 0; i < blocks; ++i) {
    places[i] = static_cast<uint16_t>(i);
  }
  for (int64_t row = 0; row < shape.rows(); ++row) {
    for (uint32_t i = 0; i < count; ++i) {
      std::swap(places[i], places[i + random() % (blocks - i)]);
    }
    std::copy_n(places.begin(), count, lists.ids.begin() + row * blocks);
    std::sort(lists.ids.begin() + row * blocks, lists.ids.begin() + row * blocks + count);
  }
  return lists;
}

struct Options {
  bool json = false;
  std::string only;
  std::vector<std::string> directories;
};

struct Timing {
  double milliseconds;
  double megahertz;
};

Timing time_launches(
    const cuda::Device& device, const ClockProbe& clock, KernelFamily family, const Kernel& kernel,
    const AttentionArguments& arguments, const cuda::Buffer<uint32_t>& next_row) {
  CUevent begin, end;
  CUDA(cuEventCreate, &begin, CU_EVENT_DEFAULT);
  CUDA(cuEventCreate, &end, CU_EVENT_DEFAULT);
  std::vector<float> times;
  for (int run = 0; run < kWarmups + kRuns; ++run) {
    CUDA(cuEventRecord, begin, nullptr);
    launch_attention(device, family, kernel, arguments, next_row);
    CUDA(cuEventRecord, end, nullptr);
    CUDA(cuEventSynchronize, end);
    float time;
    CUDA(cuEventElapsedTime, &time, begin, end);
    if (run >= kWarmups) {
      times.push_back(time);
    }
  }
  CUDA(cuEventDestroy, begin);
  CUDA(cuEventDestroy, end);
  std::sort(times.begin(), times.end());
  launch_attention(device, family, kernel, arguments, next_row);
  return {times[times.size() / 2], clock.megahertz()};
}

// An entry of one of the directories.
struct Candidate {
  std::string directory;
  Kernel kernel;
};

void time_kernels(
    const cuda::Device& device, const ClockProbe& clock, std::vector<std::unique_ptr<KernelTable>>& tables,
    const Options& options, const Model& model, KernelFamily family, OperandFormat format) {
  const AttentionShape& shape = model.shape;
  const OutputFormat output_format = format == OperandFormat::kF16 ? OutputFormat::kF16 : OutputFormat::kBf16;
  const std::string entry = attention_entry(family, format, output_format, shape.head_dim);
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (entry.find(options.only) != std::string::npos && tables[i]->has(entry)) {
      candidates.push_back({options.directories[i], tables[i]->load(entry)});
    }
  }
  if (candidates.empty()) {
    return;
  }
  const PackedOperands operands = random_operands(format, shape);
  const cuda::Buffer<uint16_t> output(shape.batch * shape.query_heads * shape.query_tokens * shape.head_dim);
  const cuda::Buffer<uint32_t> next_row(std::vector<uint32_t>(1));
  const double operations =
      4.0 * shape.batch * shape.query_heads * shape.query_tokens * shape.key_tokens * shape.head_dim;
  for (double kept : {1.0, 0.5, 0.4, 0.2, 0.1}) {
    const BlockLists lists = kept < 1 ? random_lists(shape, kept) : BlockLists();
    const double selected = kept < 1 ? double(lists.counts[0]) / shape.key_blocks() : 1;
    const DeviceProblem problem(shape, operands, kept < 1 ? &lists : nullptr, {});
    AttentionArguments arguments = problem.arguments();
    arguments.output = DeviceProblem::pointer<void>(output);
    const int64_t token = int64_t{shape.query_heads} * shape.head_dim;
    arguments.output_strides = {shape.query_tokens * token, shape.head_dim, token};
    arguments.score_scale = 1.4427f / std::sqrt(float(shape.head_dim));
    for (const Candidate& candidate : candidates) {
      const Timing timing = time_launches(device, clock, family, candidate.kernel, arguments, next_row);
      const double tops = operations / timing.milliseconds / 1e9;
      if (options.json) {
        std::printf(
            "{\"kernel\": \"%s\", \"build\": \"%s\", \"model\": \"%s\", \"skipped\": %.2f, \"ms\": %.4f, "
            "\"dense_tops\": %.1f, \"selected_tops\": %.1f, \"sm_mhz\": %.0f}\n",
            entry.c_str(), candidate.directory.c_str(), model.name, 1 - kept, timing.milliseconds, tops,
            tops * selected, timing.megahertz);
      } else {
        std::printf("| %s | %s | %s | %2.0f%% | %.3f | %.0f | %.0f | %.0f |\n", entry.c_str(),
                    candidate.directory.c_str(), model.name, 100 * (1 - kept), timing.milliseconds, tops,
                    tops * selected, timing.megahertz);
      }
      std::fflush(stdout);
    }
  }
}

void run(const Options& options) {
  const cuda::Device device;
  const std::string image = device.image_directory();
  const ClockProbe clock;
  std::vector<std::unique_ptr<KernelTable>> tables;
  for (const std::string& directory : options.directories) {
    tables.push_back(std::make_unique<KernelTable>(directory, image));
  }
  if (!options.json) {
    std::printf("%s, %s image\n\n", device.name().c_str(), image.c_str());
    std::puts("| kernel | build | shape | skipped | ms | TOPS, dense | TOPS, selected | SM MHz |\n"
              "|---|---|---|---|---|---|---|---|");
  }
  for (const Model& model : kModels) {
    for (KernelFamily family : {KernelFamily::kWgmma, KernelFamily::kMma}) {
      for (OperandFormat format :
           {OperandFormat::kInt8E4m3, OperandFormat::kInt8F16, OperandFormat::kBf16, OperandFormat::kF16}) {
        time_kernels(device, clock, tables, options, model, family, format);
      }
    }
  }
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  reelspark::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--only" && i + 1 < argc) {
      options.only = argv[++i];
    } else {
      options.directories.push_back(argument);
    }
  }
  if (options.directories.empty()) {
    std::fprintf(stderr, "usage: attention_benchmark [--json] [--only NAME] KERNEL_DIR...\n");
    return 2;
  }
  reelspark::run(options);
  return 0;
}
