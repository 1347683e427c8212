// Times preparation and whole calls of sparse attention: `prepare_benchmark [--json] [--only MODEL] KERNEL_DIR...`. Several
// directories are builds to compare on the same inputs; MODEL is part of a model's name.
//
// Inputs are bf16, random normal, [batch, token, head, dimension]. Times are medians by events, after a warm-up; "whole" is
// all launches of a call one after the other, TOPS of which count 4 batch heads length^2 dimension.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "preparation_problem.h"

namespace reelspark {
namespace {

constexpr int kWarmups = 3;
constexpr int kRuns = 15;

struct Model {
  const char* name;
  PreparationSize size;
};

const Model kModels[] = {
    {"CogVideoX-2b", {2, 30, 30, 17776, 17776, 64}},
    {"Wan2.1-1.3B 480p", {1, 12, 12, 32760, 32760, 128}},
    {"Mochi", {1, 24, 24, 22256, 22256, 128}},
    {"Wan2.1-14B 720p", {1, 40, 40, 75600, 75600, 128}},
};

struct Rule {
  const char* name;
  HeadSelection selection;
};

const Rule kRules[] = {
    {"dense", {SelectionRule::kDense, 0, -1}},
    {"TopK 0.5", {SelectionRule::kTopK, 0.5f, -1}},
    {"TopK 0.2", {SelectionRule::kTopK, 0.2f, -1}},
    {"TopCdf 0.5", {SelectionRule::kTopCdf, 0.5f, -1}},
};

// Normal numbers, the same 2^16 over and over from random starts, so that hosts fill gigabytes soon.
std::vector<__nv_bfloat16> random_tokens(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  constexpr size_t kPool = 1 << 16, kRun = 4096;
  std::vector<__nv_bfloat16> pool(kPool + kRun), values(count);
  for (__nv_bfloat16& value : pool) value = __nv_bfloat16(normal(random));
  for (size_t i = 0; i < count; i += kRun) {
    std::memcpy(&values[i], &pool[random() % kPool], std::min(kRun, count - i) * sizeof values[0]);
  }
  return values;
}

double median_milliseconds(const std::function<void()>& launch) {
  CUevent begin, end;
  CUDA(cuEventCreate, &begin, CU_EVENT_DEFAULT);
  CUDA(cuEventCreate, &end, CU_EVENT_DEFAULT);
  std::vector<float> times;
  for (int run = 0; run < kWarmups + kRuns; ++run) {
    CUDA(cuEventRecord, begin, nullptr);
    launch();
    CUDA(cuEventRecord, end, nullptr);
    CUDA(cuEventSynchronize, end);
    float milliseconds = 0;
    CUDA(cuEventElapsedTime, &milliseconds, begin, end);
    if (run >= kWarmups) times.push_back(milliseconds);
  }
  CUDA(cuEventDestroy, begin);
  CUDA(cuEventDestroy, end);
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

struct Times {
  double prepare, select, order, attention, whole;
};

Times time_call(
    const cuda::Device& device, KernelTable& table, DevicePreparation& call, const PreparationArguments& arguments) {
  const int kernel_dim = call.size().kernel_dim;
  const Kernel prepare = table.load(prepare_entry<__nv_bfloat16>(OperandFormat::kInt8E4m3, kernel_dim));
  const Kernel select = table.load(select_entry(kernel_dim));
  const Kernel order = table.load("order_rows");
  const std::string attention_name =
      attention_entry(KernelFamily::kWgmma, OperandFormat::kInt8E4m3, OutputFormat::kBf16, kernel_dim);
  const bool attends = table.has(attention_name);

  const cuda::Buffer<__nv_bfloat16> output(
      call.size().batch * call.size().query_tokens * call.size().query_heads * kernel_dim);
  const cuda::Buffer<uint32_t> next_row(std::vector<uint32_t>(1));
  AttentionArguments attention = {};
  attention.queries = arguments.packed_queries;
  attention.keys = arguments.packed_keys;
  attention.values = arguments.packed_values;
  attention.query_scales = arguments.query_scales;
  attention.key_scales = arguments.key_scales;
  attention.value_scales = arguments.value_scales;
  attention.ids = arguments.ids;
  attention.counts = arguments.counts;
  attention.row_order = arguments.row_order;
  attention.output = DevicePreparation::at<void>(output);
  attention.output_strides = arguments.query_strides;
  attention.query_tokens = arguments.query_tokens;
  attention.key_tokens = arguments.key_tokens;
  attention.batch = arguments.batch;
  attention.query_heads = arguments.query_heads;
  attention.key_heads = arguments.key_heads;
  attention.head_dim = arguments.head_dim;
  const auto attend = [&] {
    launch_attention(device, KernelFamily::kWgmma, table.load(attention_name), attention, next_row);
  };
  const auto do_prepare = [&] { launch_prepare(prepare, arguments, kernel_dim); };
  const auto do_select = [&] { launch_select(select, arguments, kernel_dim); };
  const auto do_order = [&] { launch_order(order, arguments, kernel_dim); };
  Times times = {};
  times.prepare = median_milliseconds(do_prepare);
  times.select = median_milliseconds(do_select);
  times.order = median_milliseconds(do_order);
  times.attention = attends ? median_milliseconds(attend) : 0;
  times.whole = median_milliseconds([&] { do_prepare(), do_select(), do_order(), attends ? attend() : void(); });
  return times;
}

void run(const std::vector<std::string>& directories, const std::string& only, const char* format) {
  const cuda::Device device;
  for (const Model& model : kModels) {
    if (std::string(model.name).find(only) == std::string::npos) continue;
    const PreparationSize& size = model.size;
    const size_t count = size.batch * size.query_tokens * size.query_heads * size.kernel_dim;
    const cuda::Buffer<__nv_bfloat16> queries(random_tokens(count, 1)), keys(random_tokens(count, 2)),
        values(random_tokens(count, 3));
    for (const Rule& rule : kRules) {
      DevicePreparation call(
          size, OperandFormat::kInt8E4m3, std::vector<HeadSelection>(size.query_heads, rule.selection));
      PreparationArguments arguments = call.arguments;
      arguments.queries = DevicePreparation::at<void>(queries);
      arguments.keys = DevicePreparation::at<void>(keys);
      arguments.values = DevicePreparation::at<void>(values);
      const int64_t row = size.query_heads * size.kernel_dim;
      arguments.query_strides = arguments.key_strides = arguments.value_strides =
          {size.query_tokens * row, size.kernel_dim, row};
      arguments.head_dim = size.kernel_dim;
      arguments.log_sum_exp_shift = nullptr;
      for (const std::string& directory : directories) {
        KernelTable table(directory, device.image_directory());
        call.statistics.write(0, {SelectionStatistics{}});
        const Times times = time_call(device, table, call, arguments);
        const SelectionStatistics statistics = call.statistics.read()[0];
        const double skipped = 1 - static_cast<double>(statistics.selected_blocks) / statistics.admissible_blocks;
        const double operations = 4.0 * size.batch * size.query_heads * size.kernel_dim *
                                  static_cast<double>(size.query_tokens) * size.key_tokens;
        // Inputs once, operands once.
        const double bytes = count * 3.0 * 3.0;
        std::printf(format, model.name, rule.name, directory.c_str(), skipped * 100, times.prepare,
                    bytes / times.prepare / 1e6, times.select, times.order, times.attention, times.whole,
                    100 * (1 - times.attention / times.whole), operations / times.whole / 1e9);
      }
    }
  }
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  bool json = false;
  std::string only;
  int first = 1;
  for (; first < argc && argv[first][0] == '-'; ++first) {
    if (std::strcmp(argv[first], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[first], "--only") == 0 && first + 1 < argc) {
      only = argv[++first];
    }
  }
  const std::vector<std::string> directories(argv + std::min(first, argc), argv + argc);
  if (directories.empty()) {
    std::fprintf(stderr, "usage: prepare_benchmark [--json] [--only MODEL] KERNEL_DIR...\n");
    return 2;
  }
  if (!json) {
    std::printf("| model | selection | build | %% skipped | prepare ms | GB/s | select ms | order ms | attention ms | "
                "whole ms | %% before attention | TOPS |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  }
  reelspark::run(directories, only,
                 json ? "{\"model\": \"%s\", \"selection\": \"%s\", \"build\": \"%s\", \"skipped_percent\": %.2f, "
                        "\"prepare_ms\": %.4f, \"prepare_gb_per_s\": %.0f, \"select_ms\": %.4f, \"order_ms\": %.4f, "
                        "\"attention_ms\": %.4f, \"whole_ms\": %.4f, \"before_attention_percent\": %.2f, \"tops\": %.1f}\n"
                      : "| %s | %s | %s | %.1f | %.3f | %.0f | %.3f | %.3f | %.3f | %.3f | %.1f | %.0f |\n");
  return 0;
}
