// The selection and ordering kernels on a GPU against what the CPU reference of the Java code selects:
// `select_test KERNEL_DIR GOLDENS`.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "preparation_problem.h"
#include "video_field.h"

namespace reelspark {
namespace {

// As in BlockSelectionGoldens.java.
enum class Style { kRandom, kTies, kBadValues, kConstant, kPeaked };

struct PooledBlocks {
  std::vector<float> means;
  std::vector<float> similarities;
};

PooledBlocks pooled_blocks(SplitMix& random, int64_t blocks, int dimension, Style style) {
  PooledBlocks pooled{std::vector<float>(blocks * dimension), std::vector<float>(blocks)};
  for (size_t i = 0; i < pooled.means.size(); ++i) {
    float value = random.normal();
    const int64_t block = i / dimension;
    if (style == Style::kTies) {
      value = block < 7 ? static_cast<float>(std::floor(value + 0.5)) : pooled.means[i - 7 * dimension];
    } else if (style == Style::kBadValues && block % 11 == 5 && i % dimension == 3) {
      value = block % 2 == 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
    } else if (style == Style::kConstant) {
      value = 0.25f;
    }
    pooled.means[i] = value;
  }
  for (int64_t block = 0; block < blocks; ++block) {
    const float value = random.uniform();
    pooled.similarities[block] = style == Style::kBadValues && block % 13 == 7
                                     ? std::numeric_limits<float>::quiet_NaN()
                                     : style == Style::kConstant ? 1 : value;
  }
  return pooled;
}

struct Case {
  int dimension;
  int64_t query_tokens, key_tokens;
  int masking, sink;
  int64_t kept_key_tokens;
  int rule;
  float amount, similarity_threshold, scale;
  uint64_t seed;
  int style;
};

std::vector<uint16_t> parse_ranges(const std::string& line) {
  std::vector<uint16_t> ids;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const size_t dash = word.find('-');
    const int first = std::stoi(word), last = dash == std::string::npos ? first : std::stoi(word.substr(dash + 1));
    for (int id = first; id <= last; ++id) ids.push_back(static_cast<uint16_t>(id));
  }
  return ids;
}

// The same pooled blocks for two batch items and query heads that share a key head, of which the first is dense.
void selects_like_the_reference(KernelTable& table, const Case& golden, std::istream& lines) {
  const PreparationSize size{2, 2, 1, golden.query_tokens, golden.key_tokens, golden.dimension};
  const HeadSelection dense{SelectionRule::kDense, 0, -1};
  const HeadSelection selection{static_cast<SelectionRule>(golden.rule), golden.amount, golden.similarity_threshold};
  DevicePreparation device(size, OperandFormat::kInt8E4m3, {dense, selection});
  SplitMix random(golden.seed);
  const PooledBlocks keys = pooled_blocks(random, size.key_blocks(), golden.dimension, static_cast<Style>(golden.style));
  const PooledBlocks queries =
      pooled_blocks(random, size.query_blocks(), golden.dimension, static_cast<Style>(golden.style));
  const int64_t padded = block_count(size.key_blocks(), kPooledTile) * kPooledTile;
  std::vector<float> tiled(padded * golden.dimension);
  for (int64_t block = 0; block < size.key_blocks(); ++block) {
    for (int d = 0; d < golden.dimension; ++d) {
      tiled[pooled_key_offset(block, d, golden.dimension)] = keys.means[block * golden.dimension + d];
    }
  }
  const Scratch& offsets = device.offsets();
  for (int64_t copy = 0; copy < 2; ++copy) {
    device.write_scratch(offsets.pooled_keys + copy * tiled.size() * 4, tiled);
    device.write_scratch(offsets.key_similarities + copy * size.key_blocks() * 4, keys.similarities);
  }
  for (int64_t copy = 0; copy < 4; ++copy) {
    device.write_scratch(offsets.pooled_queries + copy * queries.means.size() * 4, queries.means);
    device.write_scratch(offsets.query_similarities + copy * size.query_blocks() * 4, queries.similarities);
  }
  PreparationArguments arguments = device.arguments;
  arguments.masking = static_cast<Masking>(golden.masking);
  arguments.sink = static_cast<Sink>(golden.sink);
  arguments.kept_key_tokens = golden.kept_key_tokens;
  arguments.softmax_scale = golden.scale;
  arguments.heads_per_group = 2;
  launch_select(table.load(select_entry(golden.dimension)), arguments, golden.dimension);
  launch_order(table.load("order_rows"), arguments, golden.dimension);
  CUDA(cuCtxSynchronize);

  const std::vector<uint16_t> ids = device.ids.read();
  const std::vector<uint32_t> counts = device.counts.read();
  uint64_t all = 0, selected = 0;
  for (int64_t block = 0; block < size.query_blocks(); ++block) {
    std::string line;
    CHECK(std::getline(lines, line));
    const std::vector<uint16_t> expected = parse_ranges(line);
    const int64_t last = std::min((block + 1) * kQueryBlock, size.query_tokens) - 1;
    const uint64_t admissible =
        block_count(visible_keys(last, size.query_tokens, size.key_tokens, arguments.masking), kKeyBlock);
    for (int64_t head = 0; head < 4; ++head) {
      const int64_t row = head * size.query_blocks() + block;
      const auto list = ids.begin() + row * size.key_blocks();
      const std::vector<uint16_t> actual(list, list + counts[row]);
      if (head % 2 == 0) {
        CHECK(actual.size() == admissible);
        for (size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == i);
      } else if (actual != expected) {
        std::fprintf(stderr, "dimension %d, tokens %lld x %lld, rule %d of %g, style %d, seed %llu, row %lld: "
                     "%zu blocks, expected %zu\n", golden.dimension, static_cast<long long>(golden.query_tokens),
                     static_cast<long long>(golden.key_tokens), golden.rule, golden.amount, golden.style,
                     static_cast<unsigned long long>(golden.seed), static_cast<long long>(row), actual.size(),
                     expected.size());
        CHECK(actual == expected);
      }
      all += admissible;
      selected += counts[row];
    }
  }
  const SelectionStatistics statistics = device.statistics.read()[0];
  CHECK(statistics.admissible_blocks == all && statistics.selected_blocks == selected);

  // Groups are those of one batch item here.
  std::vector<uint32_t> order = device.row_order.read(0, size.rows());
  const int64_t group = size.rows() / 2;
  for (int64_t begin : {int64_t{0}, group}) {
    std::vector<uint32_t> sorted(group);
    std::iota(sorted.begin(), sorted.end(), static_cast<uint32_t>(begin));
    const auto size_class = [&](uint32_t row) { return counts[row] * 256ull / (size.key_blocks() + 1); };
    std::stable_sort(
        sorted.begin(), sorted.end(), [&](uint32_t a, uint32_t b) { return size_class(a) > size_class(b); });
    CHECK(std::equal(sorted.begin(), sorted.end(), order.begin() + begin));
  }
}

// Keys and queries through all kernels.
void skips_like_the_reference(KernelTable& table, std::istringstream& words) {
  int dimension;
  std::array<int, 3> grid;
  float amount, similarity_threshold;
  uint64_t seed;
  double skipped;
  CHECK(words >> dimension >> grid[0] >> grid[1] >> grid[2] >> amount >> similarity_threshold >> seed >> skipped);
  const VideoField field(grid, dimension, seed);
  const int64_t tokens = grid[0] * grid[1] * grid[2];
  const PreparationSize size{1, 1, 1, tokens, tokens, dimension};
  DevicePreparation device(size, OperandFormat::kInt8E4m3, {{SelectionRule::kTopCdf, amount, similarity_threshold}});
  const cuda::Buffer<float> queries(field.queries), keys(field.keys);
  PreparationArguments arguments = device.arguments;
  arguments.queries = DevicePreparation::at<void>(queries);
  arguments.keys = arguments.values = DevicePreparation::at<void>(keys);
  arguments.query_strides = arguments.key_strides = arguments.value_strides = {0, 0, dimension};
  arguments.head_dim = dimension;
  launch_prepare(table.load(prepare_entry<float>(OperandFormat::kInt8E4m3, dimension)), arguments, dimension);
  launch_select(table.load(select_entry(dimension)), arguments, dimension);
  CUDA(cuCtxSynchronize);
  const SelectionStatistics statistics = device.statistics.read()[0];
  const double actual = 1 - static_cast<double>(statistics.selected_blocks) / statistics.admissible_blocks;
  std::printf("field of %d x %d x %d, D %d, TopCdf %.2f: %.2f%% skipped, reference %.2f%%\n", grid[0], grid[1], grid[2],
              dimension, amount, 100 * actual, 100 * skipped);
  CHECK_NEAR(actual, skipped, 0.01);
}

void run(const std::string& kernel_directory, const std::string& goldens) {
  const cuda::Device device;
  KernelTable table(kernel_directory, device.image_directory());
  std::ifstream file(goldens + "/block_selection.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "field") {
      skips_like_the_reference(table, words);
      continue;
    }
    Case golden;
    CHECK(kind == "case" && words >> golden.dimension >> golden.query_tokens >> golden.key_tokens >> golden.masking >>
          golden.sink >> golden.kept_key_tokens >> golden.rule >> golden.amount >> golden.similarity_threshold >>
          golden.scale >> golden.seed >> golden.style);
    selects_like_the_reference(table, golden, file);
  }
  CHECK(cases > 0);
  std::printf("select_test: all checks passed on %s, %d goldens\n", device.name().c_str(), cases);
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: select_test KERNEL_DIR GOLDENS\n");
    return 2;
  }
  reelspark::run(argv[1], argv[2]);
  return 0;
}
