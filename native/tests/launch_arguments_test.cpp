// The bytes of kernel arguments, and the sizes of launches, which launchers in other languages work out too:
// `launch_arguments_test GOLDENS` compares them with launch_arguments.txt in that directory, `launch_arguments_test` prints
// that file.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>

#include "check.h"
#include "reelspark/attention_arguments.h"
#include "reelspark/combination.h"
#include "reelspark/convolution.h"
#include "reelspark/patches.h"
#include "reelspark/preparation.h"

namespace reelspark {
namespace {

template <typename T>
std::string row(const char* name, const T& arguments) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &arguments, sizeof(T));
  std::string text = std::string(name) + " ";
  for (unsigned char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text + "\n";
}

// Addresses that differ.
class Addresses {
 public:
  template <typename T>
  operator T*() {
    return reinterpret_cast<T*>(last_ += 0x100);
  }

 private:
  uintptr_t last_ = 0x7f0000000000;
};

// Every field has a value of its own, so that no two can be mistaken for each other.
AttentionArguments attention_arguments() {
  Addresses next;
  AttentionArguments arguments = {};
  arguments.queries = next;
  arguments.keys = next;
  arguments.values = next;
  arguments.query_scales = next;
  arguments.key_scales = next;
  arguments.value_scales = next;
  arguments.ids = next;
  arguments.counts = next;
  arguments.row_order = next;
  arguments.next_row = next;
  arguments.output = next;
  arguments.output_tokens = next;
  arguments.log_sum_exp = next;
  arguments.log_sum_exp_shift = next;
  arguments.statistics = next;
  arguments.pv_thresholds = next;
  arguments.output_strides = {1000000000001, 1000000000002, 1000000000003};
  arguments.query_tokens = 1000000000004;
  arguments.key_tokens = 1000000000005;
  arguments.batch = 101;
  arguments.query_heads = 102;
  arguments.key_heads = 103;
  arguments.head_dim = 104;
  arguments.masking = Masking::kCausal;
  arguments.score_scale = 0.125f;
  return arguments;
}

PreparationArguments preparation_arguments() {
  Addresses next;
  PreparationArguments arguments = {};
  arguments.queries = next;
  arguments.keys = next;
  arguments.values = next;
  arguments.query_order = next;
  arguments.key_order = next;
  arguments.heads = next;
  arguments.packed_queries = next;
  arguments.packed_keys = next;
  arguments.packed_values = next;
  arguments.query_scales = next;
  arguments.key_scales = next;
  arguments.value_scales = next;
  arguments.log_sum_exp_shift = next;
  arguments.ids = next;
  arguments.counts = next;
  arguments.row_order = next;
  arguments.statistics = next;
  arguments.scratch = next;
  arguments.query_strides = {1000000000001, 1000000000002, 1000000000003};
  arguments.key_strides = {1000000000004, 1000000000005, 1000000000006};
  arguments.value_strides = {1000000000007, 1000000000008, 1000000000009};
  arguments.query_tokens = 1000000000010;
  arguments.key_tokens = 1000000000011;
  arguments.kept_key_tokens = 1000000000012;
  arguments.batch = 101;
  arguments.query_heads = 102;
  arguments.key_heads = 103;
  arguments.head_dim = 104;
  arguments.heads_per_group = 105;
  arguments.masking = Masking::kCausal;
  arguments.sink = Sink::kFirstBlock;
  arguments.softmax_scale = 0.125f;
  return arguments;
}

// Selections of three heads, then their PV thresholds, as launchers keep them on the device.
struct HeadTable {
  HeadSelection selections[3];
  float pv_thresholds[3];
};

HeadTable head_table() {
  return {{{SelectionRule::kDense, 0, -1}, {SelectionRule::kTopCdf, 0.75f, 0.5f}, {SelectionRule::kTopK, 0.25f, 0.125f}},
          {std::numeric_limits<float>::infinity(), 8, 6.5f}};
}

Combination combination() {
  Addresses next;
  Combination combination = {};
  for (int i = 0; i < kMostTerms; ++i) {
    combination.terms[i] = next;
    combination.coefficients[i] = 0.5f + i;
  }
  combination.count = 5;
  return combination;
}

ConvolutionArguments convolution_arguments() {
  Addresses next;
  ConvolutionArguments arguments = {};
  arguments.x = next;
  arguments.history = next;
  arguments.weight = next;
  arguments.bias = next;
  arguments.residual = next;
  arguments.out = next;
  arguments.frames = 101;
  arguments.height = 102;
  arguments.width = 103;
  arguments.inputs = 104;
  arguments.outputs = 105;
  arguments.history_frames = 106;
  arguments.kernel_frames = 107;
  arguments.kernel_height = 108;
  arguments.kernel_width = 109;
  arguments.upsampling = Upsampling::kTwo;
  return arguments;
}

// What follows from a convolution: frames, height, width and outputs, whether it enlarges, outputs of a block; the grid.
std::string convolution_row(int frames, int height, int width, int outputs, Upsampling upsampling, int block_outputs) {
  ConvolutionArguments arguments = {};
  arguments.frames = frames, arguments.height = height, arguments.width = width, arguments.outputs = outputs;
  arguments.upsampling = upsampling;
  std::ostringstream text;
  text << "ConvolutionGrid " << frames << ' ' << height << ' ' << width << ' ' << outputs << ' '
       << static_cast<int>(upsampling) << ' ' << block_outputs << ' ' << convolution_grid(arguments, block_outputs)
       << '\n';
  return text.str();
}

// What follows from a size: its seven numbers, then the grids, shared and scratch memory.
std::string size_row(const PreparationSize& size, int heads_per_group) {
  const Scratch scratch(size);
  std::ostringstream text;
  text << "PreparationSize " << size.batch << ' ' << size.query_heads << ' ' << size.key_heads << ' '
       << size.query_tokens << ' ' << size.key_tokens << ' ' << size.kernel_dim << ' ' << heads_per_group << ' '
       << size.rows() << ' ' << prepare_tiles(size) << ' ' << select_grid(size) << ' ' << select_shared_bytes(size)
       << ' ' << order_grid(size, heads_per_group) << ' ' << scratch.cleared << ' ' << scratch.bytes << '\n';
  return text.str();
}

std::string rows() {
  return row("AttentionArguments", attention_arguments()) + row("PreparationArguments", preparation_arguments()) +
         row("HeadTable", head_table()) + row("Combination", combination()) +
         row("PatchGrid", PatchGrid{101, 102, 103, 104, 105, 106, 107}) +
         row("ConvolutionArguments", convolution_arguments()) +
         convolution_row(1, 60, 104, 384, Upsampling::kNone, 128) +
         convolution_row(4, 240, 416, 96, Upsampling::kTwo, 96) +
         convolution_row(3, 5, 7, 3, Upsampling::kNone, 32) + size_row({1, 1, 1, 1, 1, 64}, 1) + size_row({2, 4, 2, 500, 700, 64}, 2) +
         size_row({1, 12, 12, 32760, 32760, 128}, 3) + size_row({2, 30, 30, 17776, 17776, 64}, 30) +
         size_row({1, 40, 8, 257, 220000, 128}, 5) + size_row({1, 2, 1, 1000, 1000000, 128}, 1) +
         size_row({3, 1, 1, 70000, 4194304, 64}, 1);
}

}  // namespace
}  // namespace reelspark

int main(int argc, char** argv) {
  if (argc == 1) {
    std::cout << reelspark::rows();
    return 0;
  }
  std::ifstream file(std::string(argv[1]) + "/launch_arguments.txt");
  std::stringstream golden;
  golden << file.rdbuf();
  CHECK(golden.str() == reelspark::rows());
  std::puts("launch_arguments_test: all checks passed");
  return 0;
}
